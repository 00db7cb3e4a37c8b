{#
    Shape `first_seen`: a value that an entity was not seen with in the `lookback_days` days before, while the entity
    itself has been known for at least `learning_days` days. Judged by whole days (buckets of one day): the pair of
    entity and value is new on day d if it has matching rows on d and none on d - lookback_days to d - 1, and the
    entity is known if it has rows on d - lookback_days to d - learning_days. The key of a finding is the entity's
    columns and the value.
    A late row on day t can make pairs of its entity known or old on t to t + lookback_days: those are opened again,
    and findings that it refutes are withdrawn.
    known_where   rows that show that an entity has been watched, where that are more than the matching rows
    Other arguments: _rows.sql and _result.sql. Two passes: the first reads entity, value and time only.
#}
{% macro detect_first_seen(
    input, where, entity, value, lookback_days, learning_days, title,
    known_where=none, columns=[], derive={}, nullable=[], facts={}, subject={}
) -%}
{{- detection_declared('first_seen', entity + [value], 1440, lookback_days) -}}
{%- set day_ms = 86400000 -%}
{%- set kept = detection_columns(entity + [value], columns) -%}
{%- set either = '((' ~ where ~ ') or (' ~ known_where ~ '))' if known_where else where -%}
{%- set asked = dict(derive, **{'asked_value': 'case when ' ~ where ~ ' then ' ~ derive.get(value, value) ~ ' end'}) -%}
{%- set pair = [] -%}
{%- for column in entity %}{% do pair.append('max(seen_matches.' ~ column ~ ')') %}{% endfor -%}
{%- do pair.append('seen_matches.asked_value') -%}
{%- set day = 'cast((' ~ bucket_ms('time_ms', day_ms) ~ ') / ' ~ day_ms ~ ' as int)' -%}
with new_days as (

    select distinct
        new_matches.entity_key,
        {{ day }} as day
    from (
        {{- detection_rows('new', input, either, entity, [], derive, {}, nullable) }}
    ) as new_matches

),

seen_days as (

    select
        seen_matches.entity_key,
        seen_matches.asked_value,
        {{ day }} as day,
        {{ entity_key(pair) }} as pair_key
    from (
        {{- detection_rows('seen', input, either, entity, entity + ['asked_value'], asked, {}, nullable) }}
    ) as seen_matches
    group by seen_matches.entity_key, seen_matches.asked_value, {{ day }}

),

days as (

    select
        seen_days.entity_key,
        seen_days.asked_value,
        seen_days.pair_key,
        seen_days.day,
        0 as is_new
    from seen_days
    union all
    select
        new_days.entity_key,
        cast(null as string) as asked_value,
        cast(null as string) as pair_key,
        new_days.day,
        1 as is_new
    from new_days

),

-- The last day with new rows at or before each day: a pair within lookback_days of it is opened.
marked as (

    select
        days.pair_key,
        days.asked_value,
        days.day,
        days.is_new,
        max(case when days.is_new = 1 then days.day end) over (
            partition by days.entity_key order by days.day
        ) as last_new_day,
        count(case when days.is_new = 0 then 1 end) over (
            partition by days.entity_key order by days.day
            range between {{ lookback_days }} preceding and {{ learning_days }} preceding
        ) as days_known,
        lag(days.day) over (
            partition by days.entity_key, days.asked_value, days.is_new order by days.day
        ) as before_day
    from days

),

judged as (

    select
        marked.pair_key as entity_key,
        marked.day * cast({{ day_ms }} as bigint) as window_ms,
        marked.days_known > 0
        and (marked.before_day is null or marked.day - marked.before_day > {{ lookback_days }}) as fires
    from marked
    where marked.is_new = 0
        and marked.asked_value is not null
        and marked.last_new_day >= marked.day - {{ lookback_days }}

),

seen_matches as (
    {{ detection_rows('seen', input, where, entity + [value], kept, derive, {}, nullable) }}

),

evidence as (

    select
        seen_matches.*,
        judged.window_ms,
        0 as speaks
    from seen_matches
    inner join judged
        on seen_matches.entity_key = judged.entity_key
        and {{ bucket_ms('seen_matches.time_ms', day_ms) }} = judged.window_ms
    where judged.fires

),

{{ detection_result(day_ms, title, kept, facts, subject) }}
{%- endmacro %}
