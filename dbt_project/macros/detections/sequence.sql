{#
    Shape `sequence`: at least `first.at_least` (1) rows of `first`, then a row of `then` of the same entity, all first
    rows within the trailing window (time - window, time] of the then row. A row that matches both counts as both.
    A finding is an (entity, bucket) with such then rows; its evidence are the first rows from within a window before
    the first of them to the last, and the then rows between. The then rows speak for the finding.
    A late first row at t re-opens bucket(t) and the one after, a late then row its own bucket.
    first, then   {input, where, derive, explode}, as in _rows.sql; both must yield the kept columns.
    The fact `most_in_window` (first rows) is added. Other arguments: _rows.sql and _result.sql.
#}
{% macro detect_sequence(first, then, entity, window, title, columns=[], nullable=[], facts={}, subject={}) -%}
{{- detection_declared('sequence', entity, window, detection_days(window, 1)) -}}
{%- set window_ms = window * 60000 -%}
{%- set kept = detection_columns(entity, columns) -%}
{%- set at_least = first.get('at_least', 1) -%}
with new_first as (
    {{ detection_rows('new', first.input, first.where, entity, [], first.get('derive', {}), first.get('explode', {}), nullable) }}

),

new_then as (
    {{ detection_rows('new', then.input, then.where, entity, [], then.get('derive', {}), then.get('explode', {}), nullable) }}

),

touched as (

    select
        new_first.entity_key,
        {{ bucket_ms('new_first.time_ms', window_ms) }} as window_ms
    from new_first
    union
    select
        new_first.entity_key,
        {{ bucket_ms('new_first.time_ms + ' ~ (window_ms - 1), window_ms) }} as window_ms
    from new_first
    union
    select
        new_then.entity_key,
        {{ bucket_ms('new_then.time_ms', window_ms) }} as window_ms
    from new_then

),

needed as (

    select touched.entity_key, touched.window_ms from touched
    union
    select touched.entity_key, touched.window_ms - {{ window_ms }} as window_ms from touched

),

seen_first as (
    {{ detection_rows('seen', first.input, first.where, entity, kept, first.get('derive', {}), first.get('explode', {}), nullable) }}

),

seen_then as (
    {{ detection_rows('seen', then.input, then.where, entity, kept, then.get('derive', {}), then.get('explode', {}), nullable) }}

),

counted as (

    select
        seen_first.*,
        needed.window_ms,
        seen_first.event_uid as value
    from seen_first
    inner join needed
        on seen_first.entity_key = needed.entity_key
        and {{ bucket_ms('seen_first.time_ms', window_ms) }} = needed.window_ms

),

followers as (

    select
        seen_then.*,
        touched.window_ms
    from seen_then
    inner join touched
        on seen_then.entity_key = touched.entity_key
        and {{ bucket_ms('seen_then.time_ms', window_ms) }} = touched.window_ms

),

{{ sliding_changes('counted', window_ms) }},

moments as (

    select changes.entity_key, changes.window_ms, changes.instant_ms, changes.turn, changes.change from changes
    union all
    select
        followers.entity_key,
        followers.window_ms,
        followers.time_ms as instant_ms,
        2 as turn,
        0 as change
    from followers

),

running as (

    select
        moments.entity_key,
        moments.window_ms,
        moments.instant_ms,
        moments.turn,
        sum(moments.change) over (
            partition by moments.entity_key order by moments.instant_ms, moments.turn
        ) as alive
    from moments

),

hot as (

    select
        running.entity_key,
        running.window_ms,
        min(running.instant_ms) as first_hot_ms,
        max(running.instant_ms) as last_hot_ms,
        cast(max(running.alive) as bigint) as most_in_window
    from running
    where running.turn = 2
        and running.alive >= {{ at_least }}
    group by running.entity_key, running.window_ms

),

-- A pair without a then row never fired and cannot: it is not opened.
judged as (

    select
        followers.entity_key,
        followers.window_ms,
        max(case when hot.entity_key is not null then 1 else 0 end) = 1 as fires
    from followers
    left join hot
        on followers.entity_key = hot.entity_key
        and followers.window_ms = hot.window_ms
    group by followers.entity_key, followers.window_ms

),

candidates as (

    select
        counted.entity_key,
        counted.window_ms as hot_window_ms,
        counted.time_ms,
        counted.event_uid,
        1 as speaks
        {%- for column in kept %},
        counted.{{ column }}
        {%- endfor %}
    from counted
    union all
    select
        counted.entity_key,
        counted.window_ms + {{ window_ms }} as hot_window_ms,
        counted.time_ms,
        counted.event_uid,
        1 as speaks
        {%- for column in kept %},
        counted.{{ column }}
        {%- endfor %}
    from counted
    union all
    select
        followers.entity_key,
        followers.window_ms as hot_window_ms,
        followers.time_ms,
        followers.event_uid,
        0 as speaks
        {%- for column in kept %},
        followers.{{ column }}
        {%- endfor %}
    from followers

),

evidence as (

    select
        candidates.*,
        hot.window_ms,
        hot.most_in_window
    from candidates
    inner join hot
        on candidates.entity_key = hot.entity_key
        and candidates.hot_window_ms = hot.window_ms
    where candidates.time_ms <= hot.last_hot_ms
        and candidates.time_ms > case when candidates.speaks = 0 then hot.first_hot_ms - 1 else hot.first_hot_ms - {{ window_ms }} end

),

{{ detection_result(window_ms, title, kept, dict(most_in_window='max(ranked.most_in_window)', **facts), subject) }}
{%- endmacro %}
