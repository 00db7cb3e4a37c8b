{#
    Shape `absence`: what should be there is not. A row of `expects` at t wants a row of `missing` of the same entity
    within [t - before, t + after] minutes. It is judged once the event-time watermark of the source of the missing rows
    has passed t + after + lateness, never by the wall clock (transforms/warehouse/watermarks.py): while that source is
    silent nothing is judged, and its silence is a finding of its own.
    A finding is an (entity, bucket of `window` minutes) with expecting rows that were judged and found wanting; those
    are its evidence. A missing row that turns up re-opens the buckets that expected it, and withdraws.
    expects   {input, where, derive, explode}, as in _rows.sql; must yield the kept columns
    missing   the same; its source and inputs stand in meta.watermark
    lateness  minutes by which rows of that source may come out of order
    Other arguments: _rows.sql and _result.sql.
#}
{% macro detect_absence(
    expects, missing, entity, before, after, lateness, window, title,
    columns=[], nullable=[], facts={}, subject={}
) -%}
{{- detection_declared('absence', entity, window, detection_days(window, 0) + 2) -}}
{{- watermark_declared(missing.input, after + lateness) -}}
{% if before < 0 or after < 0 or before > 1440 or after > 1440 %}
    {% do exceptions.raise_compiler_error(model.name ~ ": an absence reaches a day at most, not " ~ before ~ " and " ~ after ~ " minutes") %}
{% endif %}
{%- set window_ms = window * 60000 -%}
{%- set kept = detection_columns(entity, columns) -%}
{%- set within -%}
partition by meetings.entity_key order by meetings.time_ms
            range between {{ before * 60000 }} preceding and {{ after * 60000 }} following
{%- endset -%}
with watermark as (

    select
        coalesce(max(marks.before_ms), cast({{ no_time_ms() }} as bigint)) as before_ms,
        coalesce(max(marks.now_ms), cast({{ no_time_ms() }} as bigint)) as now_ms
    from {{ watermark_of(missing.input) }} as marks

),

new_expected as (
    {{ detection_rows('new', expects.input, expects.where, entity, [], expects.get('derive', {}), expects.get('explode', {}), nullable) }}

),

new_present as (
    {{ detection_rows('new', missing.input, missing.where, entity, [], missing.get('derive', {}), missing.get('explode', {}), nullable) }}

),

seen_expected as (
    {{ detection_rows('seen', expects.input, expects.where, entity, kept, expects.get('derive', {}), expects.get('explode', {}), nullable) }}

),

seen_present as (
    {{ detection_rows('seen', missing.input, missing.where, entity, [], missing.get('derive', {}), missing.get('explode', {}), nullable) }}

),

-- Everything that meets at an entity in the order of time; only instants, so that one frame counts for all.
meetings as (

    select seen_expected.entity_key, seen_expected.time_ms, 1 as is_expected, 0 as is_present, 0 as is_new from seen_expected
    union all
    select seen_present.entity_key, seen_present.time_ms, 0 as is_expected, 1 as is_present, 0 as is_new from seen_present
    union all
    select new_present.entity_key, new_present.time_ms, 0 as is_expected, 0 as is_present, 1 as is_new from new_present

),

met as (

    select
        meetings.entity_key,
        meetings.time_ms,
        meetings.is_expected,
        max(meetings.is_present) over ({{ within }}) as is_met,
        max(meetings.is_new) over ({{ within }}) as is_met_anew
    from meetings

),

expected as (

    select distinct
        met.entity_key,
        met.time_ms,
        {{ bucket_ms('met.time_ms', window_ms) }} as window_ms,
        met.is_met_anew,
        case
            when met.is_met = 0 and met.time_ms + {{ (after + lateness) * 60000 }} <= watermark.now_ms then 1 else 0
        end as is_missed,
        case
            when met.time_ms + {{ (after + lateness) * 60000 }} <= watermark.now_ms
                and met.time_ms + {{ (after + lateness) * 60000 }} > watermark.before_ms then 1 else 0
        end as is_due
    from met
    cross join watermark
    where met.is_expected = 1

),

touched as (

    select
        new_expected.entity_key,
        {{ bucket_ms('new_expected.time_ms', window_ms) }} as window_ms
    from new_expected
    union
    select expected.entity_key, expected.window_ms
    from expected
    where expected.is_met_anew = 1 or expected.is_due = 1

),

judged as (

    select
        expected.entity_key,
        expected.window_ms,
        max(expected.is_missed) = 1 as fires
    from expected
    inner join touched
        on expected.entity_key = touched.entity_key
        and expected.window_ms = touched.window_ms
    group by expected.entity_key, expected.window_ms

),

missed as (

    select expected.entity_key, expected.time_ms, expected.window_ms
    from expected
    inner join touched
        on expected.entity_key = touched.entity_key
        and expected.window_ms = touched.window_ms
    where expected.is_missed = 1

),

evidence as (

    select
        seen_expected.*,
        missed.window_ms,
        0 as speaks
    from seen_expected
    inner join missed
        on seen_expected.entity_key = missed.entity_key
        and seen_expected.time_ms = missed.time_ms

),

{{ detection_result(window_ms, title, kept, facts, subject) }}
{%- endmacro %}
