{#
    Shape `threshold`: at least `at_least` matching rows, or values of `distinct`, of one entity within any trailing
    window of `window` minutes: exact, so a burst across a bucket's boundary counts like any other. A row is hot where
    its own trailing window (time - window, time] reaches the number. A finding is an (entity, bucket) with hot rows;
    its evidence are the entity's matching rows from within a window before the first hot row to the last. A burst
    that goes on is one finding a bucket.
    A row at t bears on the rows in [t, t + window), so a late one re-opens bucket(t) and the one after.
    `per`: columns that are counted apart, and only make an entity hot by themselves.
    The fact `most_in_window` is added. Other arguments: _rows.sql and _result.sql.
#}
{% macro detect_threshold(
    input, where, entity, window, at_least, title,
    distinct=none, per=[], columns=[], derive={}, explode={}, nullable=[], facts={}, subject={}
) -%}
{{- detection_declared('threshold', entity, window, detection_days(window, 1)) -}}
{%- set window_ms = window * 60000 -%}
{%- set kept = detection_columns(entity, columns + per + ([distinct] if distinct else [])) -%}
with new_matches as (
    {{ detection_rows('new', input, where, entity, [], derive, explode, nullable) }}

),

touched as (

    select
        new_matches.entity_key,
        {{ bucket_ms('new_matches.time_ms', window_ms) }} as window_ms
    from new_matches
    union
    select
        new_matches.entity_key,
        {{ bucket_ms('new_matches.time_ms + ' ~ (window_ms - 1), window_ms) }} as window_ms
    from new_matches

),

needed as (

    select touched.entity_key, touched.window_ms from touched
    union
    select touched.entity_key, touched.window_ms - {{ window_ms }} as window_ms from touched

),

seen_matches as (
    {{ detection_rows('seen', input, where, entity, kept, derive, explode, nullable) }}

),

counted as (

    select
        seen_matches.*,
        needed.window_ms,
        {{ 'seen_matches.' ~ (distinct or 'event_uid') }} as value
    from seen_matches
    inner join needed
        on seen_matches.entity_key = needed.entity_key
        and {{ bucket_ms('seen_matches.time_ms', window_ms) }} = needed.window_ms
    {%- if distinct %}
    where seen_matches.{{ distinct }} is not null
    {%- endif %}

),

{{ sliding_changes('counted', window_ms, per) }},

running as (

    select
        changes.entity_key,
        changes.window_ms,
        changes.instant_ms,
        changes.turn,
        sum(changes.change) over (
            partition by changes.entity_key{% for column in per %}, changes.{{ column }}{% endfor %}
            order by changes.instant_ms, changes.turn
        ) as alive
    from changes

),

hot as (

    select
        running.entity_key,
        running.window_ms,
        min(running.instant_ms) as first_hot_ms,
        max(running.instant_ms) as last_hot_ms,
        cast(max(running.alive) as bigint) as most_in_window
    from running
    inner join touched
        on running.entity_key = touched.entity_key
        and running.window_ms = touched.window_ms
    where running.turn = 1
        and running.alive >= {{ at_least }}
    group by running.entity_key, running.window_ms

),

-- A pair without a row of its own never fired and cannot: it is not opened.
judged as (

    select
        touched.entity_key,
        touched.window_ms,
        max(case when hot.entity_key is not null then 1 else 0 end) = 1 as fires
    from touched
    inner join counted
        on touched.entity_key = counted.entity_key
        and touched.window_ms = counted.window_ms
    left join hot
        on touched.entity_key = hot.entity_key
        and touched.window_ms = hot.window_ms
    group by touched.entity_key, touched.window_ms

),

candidates as (

    select counted.*, counted.window_ms as hot_window_ms from counted
    union all
    select counted.*, counted.window_ms + {{ window_ms }} as hot_window_ms from counted

),

evidence as (

    select
        candidates.entity_key,
        hot.window_ms,
        candidates.time_ms,
        candidates.event_uid,
        0 as speaks,
        hot.most_in_window
        {%- for column in kept %},
        candidates.{{ column }}
        {%- endfor %}
    from candidates
    inner join hot
        on candidates.entity_key = hot.entity_key
        and candidates.hot_window_ms = hot.window_ms
    where candidates.time_ms > hot.first_hot_ms - {{ window_ms }}
        and candidates.time_ms <= hot.last_hot_ms

),

{{ detection_result(window_ms, title, kept, dict(most_in_window='max(ranked.most_in_window)', **facts), subject) }}
{%- endmacro %}
