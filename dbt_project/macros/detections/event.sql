{#
    Shape `event`: a matching row is wrong in itself. One finding for each (entity, bucket of `window` minutes), with
    all of the entity's matching rows in that bucket as evidence. A late row re-opens its own bucket only.
    Arguments: _rows.sql and _result.sql.
#}
{% macro detect_event(
    input, where, entity, window, title,
    columns=[], derive={}, explode={}, nullable=[], facts={}, subject={}
) -%}
{{- detection_declared('event', entity, window, detection_days(window, 0)) -}}
{%- set window_ms = window * 60000 -%}
{%- set kept = detection_columns(entity, columns) -%}
with new_matches as (
    {{ detection_rows('new', input, where, entity, [], derive, explode, nullable) }}

),

touched as (

    select distinct
        new_matches.entity_key,
        {{ bucket_ms('new_matches.time_ms', window_ms) }} as window_ms
    from new_matches

),

seen_matches as (
    {{ detection_rows('seen', input, where, entity, kept, derive, explode, nullable) }}

),

evidence as (

    select
        seen_matches.*,
        touched.window_ms,
        0 as speaks
    from seen_matches
    inner join touched
        on seen_matches.entity_key = touched.entity_key
        and {{ bucket_ms('seen_matches.time_ms', window_ms) }} = touched.window_ms

),

judged as (

    select
        touched.entity_key,
        touched.window_ms,
        true as fires
    from touched

),

{{ detection_result(window_ms, title, kept, facts, subject) }}
{%- endmacro %}
