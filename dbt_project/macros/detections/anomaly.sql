{#
    Shape `anomaly`: a day on which an entity's total is far from what it is used to. Read from a rollup, whose parts
    add up to the totals of (entity, day); days are UTC. A total is far where it is
      - above mean + `sigmas` standard deviations of the entity's earlier days of the same kind,
      - at least `times` the mean: a machine that does the same every day has no deviation to speak of, and
      - at least `at_least`: 1 after 0 is nothing.
    The earlier days are those of the `lookback_days` before; of Monday to Friday for a working day, else of Saturday and
    Sunday: one weekday alone has four days in four weeks, too few for a deviation. A day without rows is a 0 from the
    entity's first day on. The entity must be known for `learning_days` at least. Mean and deviation, not median and
    MAD: more than half of most people's days are 0, and then both are 0. The price is that a burst stays in its own
    baseline until it has left the lookback. Sums of whole numbers, so the order of arrival does not show.
    A total only grows, so today is judged like every day. A late row on day t re-opens t to t + lookback_days.
    rollup    relation of parts: event_date, the entity's columns, and `measure`, a whole number
    evidence  {input, where, derive, explode}: the rows behind the parts, as in _rows.sql; those of the day are listed.
              They are read from the touched days on.
    where     condition on the parts
    The facts day_total, usual (mean), deviation, limit, days_learned and day_kind are added and may be named in `title`.
#}
{% macro detect_anomaly(
    rollup, measure, evidence, entity, lookback_days, learning_days, at_least, title,
    where='true', sigmas=3, times=2, columns=[], nullable=[], facts={}, subject={}
) -%}
{{- detection_declared('anomaly', entity, 1440, lookback_days) -}}
{%- set day_ms = 86400000 -%}
{%- set kept = detection_columns(entity, columns) -%}
{#- 10^15 a day, so that squares of sums stay exact in 38 digits: what a log claims beyond that is as far from any baseline. -#}
{%- set most = 'cast(1000000000000000 as decimal(38, 0))' -%}
{%- set baseline -%}
partition by totals.entity_key, totals.is_weekend order by totals.day
            range between {{ lookback_days }} preceding and 1 preceding
{%- endset -%}
with new_days as (

    select distinct
        new_parts.entity_key,
        new_parts.day
    from (
        {{- rollup_parts('new', rollup, where, measure, entity, nullable) }}
    ) as new_parts

),

totals as (

    select
        seen_parts.entity_key,
        seen_parts.day,
        {{ is_weekend('seen_parts.day') }} as is_weekend,
        least(sum(cast(seen_parts.part as decimal(38, 0))), {{ most }}) as total
    from (
        {{- rollup_parts('seen', rollup, where, measure, entity, nullable) }}
    ) as seen_parts
    group by seen_parts.entity_key, seen_parts.day

),

learned as (

    select
        totals.entity_key,
        totals.day,
        totals.is_weekend,
        totals.total,
        coalesce(sum(totals.total) over ({{ baseline }}), 0) as sum_1,
        coalesce(sum(totals.total * totals.total) over ({{ baseline }}), 0) as sum_2,
        min(totals.day) over (
            partition by totals.entity_key order by totals.day
            range between {{ lookback_days }} preceding and 1 preceding
        ) as first_day
    from totals

),

-- The days of the same kind from the first one to the day before: with their zeros they are the baseline.
based as (

    select
        learned.*,
        learned.day - learned.first_day as days_known,
        {{ days_of_kind('learned.day', 'learned.first_day') }} as days_learned
    from learned

),

limits as (

    select
        based.*,
        cast(based.sum_1 as double) / based.days_learned as usual,
        sqrt(cast(based.days_learned * based.sum_2 - based.sum_1 * based.sum_1 as double)) / based.days_learned as deviation
    from based
    where based.days_known >= {{ learning_days }}
        and based.days_learned > 0

),

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
        marked.entity_key,
        marked.day,
        marked.day * cast({{ day_ms }} as bigint) as window_ms,
        limits.total,
        limits.usual,
        limits.deviation,
        greatest(limits.usual + {{ sigmas }} * limits.deviation, {{ times }} * limits.usual, {{ at_least }}) as day_limit,
        limits.days_learned,
        case when limits.is_weekend then 'weekend' else 'working' end as day_kind,
        coalesce(
            limits.total >= {{ at_least }}
            and limits.total >= {{ times }} * limits.usual
            and limits.total > limits.usual + {{ sigmas }} * limits.deviation,
            false
        ) as fires
    from marked
    left join limits
        on marked.entity_key = limits.entity_key
        and marked.day = limits.day
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
        judged_days.usual,
        judged_days.deviation,
        judged_days.day_limit,
        judged_days.days_learned,
        judged_days.day_kind
    from seen_rows
    inner join judged_days
        on seen_rows.entity_key = judged_days.entity_key
        and {{ bucket_ms('seen_rows.time_ms', day_ms) }} = judged_days.window_ms
    where judged_days.fires

),

{{ detection_result(day_ms, title, kept, dict(
    day_total='cast(max(ranked.day_total) as bigint)',
    usual='cast(round(max(ranked.usual)) as bigint)',
    deviation='cast(round(max(ranked.deviation)) as bigint)',
    limit_of_day='cast(round(max(ranked.day_limit)) as bigint)',
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
