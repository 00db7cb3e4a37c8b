{#
    Shape `anomaly`: a day on which an entity's total is far above what it is used to. Read from a rollup, whose parts
    add up to the totals of (entity, day); days are UTC. What a day is measured against says daily_baseline: the median
    and the spread of the entity's earlier days of the same kind (working days or weekends) within `lookback_days`, days
    without rows included as 0 from the first one on. A total is far where it is
      - at least `spreads` spreads above the median,
      - at least `times` the median: who does the same every day has next to no spread, and
      - at least `at_least`: 1 after 0 is nothing.
    The entity must have been known for `learning_days`. A total only grows, so today is judged like every day. A late
    row on day t re-opens t to t + lookback_days. Whole numbers and ranks: the order of arrival does not show.
    Ranks instead of mean and deviation (IA-P3 says mean + 3 sigma): a burst in the baseline would lift both for as long
    as it is looked back upon, and hide the next one.
    rollup    relation of parts: event_date, the entity's columns, and `measure`, a whole number
    evidence  {input, where, derive, explode}: the rows behind the parts, as in _rows.sql; those of the day are listed
    where     condition on the parts
    The facts day_total, usual (median), highest (of the baseline), spreads_above, days_learned and day_kind are added and
    may be named in `title`. Other arguments: _rows.sql and _result.sql.
#}
{% macro detect_anomaly(
    rollup, measure, evidence, entity, lookback_days, learning_days, at_least, title,
    where='true', spreads=6, times=2, columns=[], nullable=[], facts={}, subject={}
) -%}
{{- detection_declared('anomaly', entity, 1440, lookback_days) -}}
{%- set day_ms = 86400000 -%}
{%- set kept = detection_columns(entity, columns) -%}
with new_days as (

    select distinct
        new_parts.entity_key,
        new_parts.day
    from (
        {{- rollup_parts('new', rollup, where, measure, entity, nullable) }}
    ) as new_parts

),

-- What a log claims beyond 10^15 a day is as far from any baseline, and no sum overflows.
sums as (

    select
        seen_parts.entity_key,
        seen_parts.day,
        cast(least(sum(cast(seen_parts.part as decimal(38, 0))), 1000000000000000) as bigint) as total
    from (
        {{- rollup_parts('seen', rollup, where, measure, entity, nullable) }}
    ) as seen_parts
    group by seen_parts.entity_key, seen_parts.day

),

totals as (

    select
        sums.*,
        min(sums.day) over (
            partition by sums.entity_key order by sums.day
            range between {{ lookback_days }} preceding and 1 preceding
        ) as first_day
    from sums
    where sums.total > 0

),

{{ daily_baseline('baseline', 'totals', ['entity_key'], lookback_days) }}

marked as (

    select
        days.entity_key,
        days.day,
        days.is_new,
        max(case when days.is_new = 1 then days.day end) over (
            partition by days.entity_key order by days.day
        ) as last_new_day
    from (
        select totals.entity_key, totals.day, 0 as is_new from totals
        union all
        select new_days.entity_key, new_days.day, 1 as is_new from new_days
    ) as days

),

judged_days as (

    select
        baseline.*,
        baseline.day * cast({{ day_ms }} as bigint) as window_ms,
        coalesce(
            baseline.day - baseline.first_day >= {{ learning_days }}
            and baseline.days_learned > 0
            and baseline.total >= {{ at_least }}
            and baseline.total >= {{ times }} * baseline.expected
            and baseline.deviation >= {{ spreads }},
            false
        ) as fires
    from baseline
    inner join marked
        on baseline.entity_key = marked.entity_key
        and baseline.day = marked.day
    where marked.is_new = 0
        and marked.last_new_day >= marked.day - {{ lookback_days }}

),

judged as (

    select judged_days.entity_key, judged_days.window_ms, judged_days.fires from judged_days

),

seen_rows as (
    {{ detection_rows('seen', evidence.input, evidence.where, entity, kept, evidence.get('derive', {}), evidence.get('explode', {}), nullable) }}

),

evidence as (

    select
        seen_rows.*,
        judged_days.window_ms,
        0 as speaks,
        judged_days.total as day_total,
        judged_days.expected,
        judged_days.highest,
        judged_days.deviation,
        judged_days.days_learned,
        case when judged_days.is_weekend then 'weekend' else 'working' end as day_kind
    from seen_rows
    inner join judged_days
        on seen_rows.entity_key = judged_days.entity_key
        and {{ bucket_ms('seen_rows.time_ms', day_ms) }} = judged_days.window_ms
    where judged_days.fires

),

{{ detection_result(day_ms, title, kept, dict(
    day_total='max(ranked.day_total)',
    usual='cast(max(ranked.expected) as bigint)',
    highest='cast(max(ranked.highest) as bigint)',
    spreads_above='cast(round(max(ranked.deviation)) as bigint)',
    days_learned='max(ranked.days_learned)',
    day_kind='max(ranked.day_kind)',
    **facts), subject) }}
{%- endmacro %}

{# The parts of a rollup with their entity and day (days since 1970). #}
{% macro rollup_parts(kind, rollup, where, measure, entity, nullable) %}
        select
            {{ entity_key(entity) }} as entity_key,
            {{ epoch_day('parts.event_date') }} as day,
            parts.{{ measure }} as part
        from {{ new_rows(rollup) if kind == 'new' else seen_rows(rollup) }} as parts
        where {{ where }}
            and parts.event_date is not null
            and parts.{{ measure }} is not null
            {%- for column in entity if column not in nullable %}
            and parts.{{ column }} is not null
            {%- endfor %}
    {% endmacro %}
