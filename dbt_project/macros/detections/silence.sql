{#
    Shape `absence`, of a whole log: an entity that spoke on each of the `days` days before, and in at least `hours` hours
    of the first of them (seven days before is the same weekday), says nothing on a day on which others spoke. Read from a
    rollup of hours; days are UTC. A day is judged once some entity's event lies `lateness` minutes beyond its end, never by
    the wall clock; that is looked for in the two days that follow. An entity that does not speak every day, or hardly, as
    at weekends, is not judged.
    A row on day t bears on the days t - 2 to t + days: they are judged again. Only a row of the entity itself on the very
    day can undo a silence, so that is where a pair that does not fire is given: late rows withdraw.
    A finding is an (entity, day); its evidence is an event of the last hour in which the entity spoke.
    rollup    relation of parts: event_date, hour_dt, last_event_dt, event_uid (any of the hour), and the entity's columns
    where     condition on the parts
    spoken    name -> expression over the entity's columns: further columns that the title and the subject may name
#}
{% macro detect_silence(rollup, where, entity, days, hours, lateness, title, window=1440, spoken={}) -%}
{{- detection_declared('absence', entity, window, days + 2) -}}
{%- set day_ms = 86400000 -%}
{%- set kept = detection_columns(entity, []) -%}
with new_parts as (

    select distinct
        {{ entity_key(entity) }} as entity_key,
        {{ epoch_day('parts.event_date') }} as day
    from {{ new_rows(rollup) }} as parts
    where {{ where }}

),

hours as (

    select
        {{ entity_key(entity) }} as entity_key,
        {%- for column in entity %}
        max(parts.{{ column }}) as {{ column }},
        {%- endfor %}
        {{ epoch_day('parts.event_date') }} as day,
        {{ epoch_ms('parts.hour_dt') }} as hour_ms,
        max({{ epoch_ms('parts.last_event_dt') }}) as time_ms,
        max(parts.event_uid) as event_uid
    from {{ seen_rows(rollup) }} as parts
    where {{ where }}
    group by {{ entity_key(entity) }}, {{ epoch_day('parts.event_date') }}, {{ epoch_ms('parts.hour_dt') }}

),

-- how far a day reaches: the last hour of anybody on it
lake_days as (

    select
        hours.day,
        max(hours.hour_ms) as last_hour_ms
    from hours
    group by hours.day

),

over as (

    select lake_days.day
    from lake_days
    inner join lake_days as following
        on following.day > lake_days.day
        and following.day <= lake_days.day + 2
        and following.last_hour_ms >= (lake_days.day + 1) * cast({{ day_ms }} as bigint) + {{ lateness * 60000 }}
    group by lake_days.day

),

spoken_days as (

    select
        hours.entity_key,
        hours.day,
        count(*) as hours_spoken
    from hours
    group by hours.entity_key, hours.day

),

opened_days as (

    select distinct lake_days.day
    from lake_days
    inner join new_parts
        on lake_days.day >= new_parts.day - 2
        and lake_days.day <= new_parts.day + {{ days }}

),

histories as (

    select
        entities.entity_key,
        opened_days.day,
        sum(case when spoken_days.day < opened_days.day then 1 else 0 end) as days_spoken,
        max(case when spoken_days.day = opened_days.day then 1 else 0 end) as has_spoken,
        max(case when spoken_days.day = opened_days.day - {{ days }} then spoken_days.hours_spoken else 0 end) as hours_before
    from (select distinct spoken_days.entity_key from spoken_days) as entities
    cross join opened_days
    left join spoken_days
        on entities.entity_key = spoken_days.entity_key
        and spoken_days.day >= opened_days.day - {{ days }}
        and spoken_days.day <= opened_days.day
    group by entities.entity_key, opened_days.day

),

judged as (

    -- Days on which nobody spoke are not among the opened: then the lake stood still, not an entity.
    select
        histories.entity_key,
        histories.day * cast({{ day_ms }} as bigint) as window_ms,
        histories.has_spoken = 0 and over.day is not null as fires
    from histories
    left join over on histories.day = over.day
    left join new_parts
        on histories.entity_key = new_parts.entity_key
        and histories.day = new_parts.day
    where histories.days_spoken = {{ days }}
        and histories.hours_before >= {{ hours }}
        and ((histories.has_spoken = 0 and over.day is not null) or new_parts.day is not null)

),

last_words as (

    select
        hours.*,
        judged.window_ms,
        row_number() over (partition by hours.entity_key, judged.window_ms order by hours.hour_ms desc) as newest
    from hours
    inner join judged
        on hours.entity_key = judged.entity_key
        and (hours.day + 1) * cast({{ day_ms }} as bigint) = judged.window_ms
    where judged.fires

),

evidence as (

    select
        last_words.entity_key,
        last_words.window_ms,
        last_words.time_ms,
        last_words.event_uid,
        0 as speaks
        {%- for column in kept %},
        {%- if column in spoken %}
        {{ spoken[column] }} as {{ column }}
        {%- elif column in entity %}
        last_words.{{ column }}
        {%- else %}
        cast(null as string) as {{ column }}
        {%- endif %}
        {%- endfor %}
    from last_words
    where last_words.newest = 1

),

{{ detection_result(day_ms, title, kept) }}
{%- endmacro %}
