{#
    Shape `state`: the latest snapshot is wrong. `where` picks the rows that say how an entity is, by a snapshot or by a
    change; `wrong` which of them say that it is wrong. In the order of (time, event_uid) the last one decides.
    A spell begins with a wrong row before which the entity was not wrong as far back as `memory_days` go, and ends with
    the first row that is right. A finding is an (entity, day) on which spells began: it stands while one of them lasts,
    and is resolved once a row says that it was mended. Its evidence are the wrong rows that begin a spell, those that
    say something else than the row before in the columns `told`, and the row that mends: a snapshot that repeats
    itself changes nothing. The mending row speaks last.
    `for_minutes`: a spell counts only once it has lasted so long, by the source's event-time watermark
    (transforms/warehouse/watermarks.py, meta.watermark). One that was mended before never was a finding.
    What was wrong and was mended is resolved; what never was wrong, as a late row shows, is withdrawn.
    A late row on day t moves, splits and merges spells that begin within memory_days of t: those days are opened again,
    and each needs memory_days around it.
    Blind by design: a spell that lasts longer than memory_days is not seen to end; its finding stands. A wrong row that
    follows the last one of its entity by more than memory_days begins a spell of its own.
    Other arguments: _rows.sql and _result.sql.
#}
{% macro detect_state(
    input, where, wrong, entity, memory_days, title,
    for_minutes=0, told=[], columns=[], derive={}, nullable=[], facts={}, subject={}
) -%}
{{- detection_declared('state', entity, 1440, 2 * memory_days) -}}
{%- if for_minutes %}{{ watermark_declared(input, for_minutes) }}{% endif -%}
{%- set day_ms = 86400000 -%}
{%- set kept = detection_columns(entity, columns + told) -%}
{%- set stated = dict(derive, **{'is_wrong': 'case when ' ~ wrong ~ ' then 1 else 0 end'}) -%}
{%- set day = 'cast((' ~ bucket_ms('time_ms', day_ms) ~ ') / ' ~ day_ms ~ ' as int)' -%}
{%- set so_far = 'partition by spelled.entity_key order by spelled.time_ms, spelled.event_uid, spelled.is_wrong rows unbounded preceding' -%}
with new_days as (

    select distinct
        new_statements.entity_key,
        {{ day }} as day
    from (
        {{- detection_rows('new', input, where, entity, [], derive, {}, nullable) }}
    ) as new_statements

),

seen_statements as (

    select
        statements.*,
        {{ day }} as day
    from (
        {{- detection_rows('seen', input, where, entity, kept + ['is_wrong'], stated, {}, nullable) }}
    ) as statements

),

ordered as (

    select
        seen_statements.*,
        lag(seen_statements.is_wrong) over in_time as before_wrong,
        lag(seen_statements.day) over in_time as before_day
        {%- for column in told %},
        lag(seen_statements.{{ column }}) over in_time as before_{{ column }}
        {%- endfor %}
    from seen_statements
    window in_time as (
        partition by seen_statements.entity_key
        order by seen_statements.time_ms, seen_statements.event_uid, seen_statements.is_wrong
    )

),

spelled as (

    select
        ordered.*,
        case
            when ordered.is_wrong = 1
                and (
                    ordered.before_wrong is null
                    or ordered.before_wrong = 0
                    or ordered.day - ordered.before_day > {{ memory_days }}
                ) then 1 else 0
        end as begins,
        {{ 'false' if not told }}
        {%- for column in told -%}
        {{ ' or ' if not loop.first }}coalesce(cast(ordered.{{ column }} as string), '') <> coalesce(cast(ordered.before_{{ column }} as string), '')
        {%- endfor %} as tells_more
    from ordered

),

numbered as (

    select
        spelled.*,
        sum(spelled.begins) over ({{ so_far }}) as spell,
        max(case when spelled.begins = 1 then spelled.day end) over ({{ so_far }}) as begin_day
    from spelled

),

-- Rows of spells, as far as a spell is remembered: the wrong ones, and the right one that follows the last of them.
remembered as (

    select
        numbered.*,
        1 - numbered.is_wrong as mends
    from numbered
    where numbered.spell > 0
        and numbered.day - numbered.begin_day <= {{ memory_days }}
        and (numbered.is_wrong = 1 or numbered.before_wrong = 1)

),

spells as (

    select
        remembered.entity_key,
        remembered.spell,
        remembered.begin_day,
        min(remembered.time_ms) as begin_ms,
        min(case when remembered.mends = 1 then remembered.time_ms end) as mended_ms
    from remembered
    group by remembered.entity_key, remembered.spell, remembered.begin_day

),

{%- if for_minutes %}

watermark as (

    select
        coalesce(max(marks.before_ms), cast({{ no_time_ms() }} as bigint)) as before_ms,
        coalesce(max(marks.now_ms), cast({{ no_time_ms() }} as bigint)) as now_ms
    from {{ watermark_of(input) }} as marks

),

lasting as (

    select spells.*
    from spells
    cross join watermark
    where coalesce(spells.mended_ms, watermark.now_ms) - spells.begin_ms >= {{ for_minutes * 60000 }}

),

due_days as (

    select distinct
        seen_statements.entity_key,
        seen_statements.day
    from seen_statements
    cross join watermark
    where seen_statements.is_wrong = 1
        and seen_statements.time_ms + {{ for_minutes * 60000 }} <= watermark.now_ms
        and seen_statements.time_ms + {{ for_minutes * 60000 }} > watermark.before_ms

),
{%- else %}

lasting as (

    select spells.* from spells

),
{%- endif %}

marked as (

    select
        days.entity_key,
        days.day,
        days.is_wrong,
        max(case when days.is_new = 1 then days.day end) over (
            partition by days.entity_key order by days.day
        ) as last_new_day,
        min(case when days.is_new = 1 then days.day end) over (
            partition by days.entity_key order by days.day desc
        ) as next_new_day
    from (
        select distinct seen_statements.entity_key, seen_statements.day, 0 as is_new, 1 as is_wrong
        from seen_statements
        where seen_statements.is_wrong = 1
        union all
        select new_days.entity_key, new_days.day, 1 as is_new, 0 as is_wrong from new_days
        {%- if for_minutes %}
        union all
        select due_days.entity_key, due_days.day, 1 as is_new, 0 as is_wrong from due_days
        {%- endif %}
    ) as days

),

opened as (

    select
        marked.entity_key,
        marked.day
    from marked
    where marked.is_wrong = 1
        and (
            marked.day - marked.last_new_day <= {{ memory_days }}
            or marked.next_new_day - marked.day <= {{ memory_days }}
        )

),

judged as (

    select
        opened.entity_key,
        opened.day * cast({{ day_ms }} as bigint) as window_ms,
        count(lasting.spell) > 0 as fires,
        count(lasting.spell) > 0 and count(lasting.spell) = count(lasting.mended_ms) as resolved
    from opened
    left join lasting
        on opened.entity_key = lasting.entity_key
        and opened.day = lasting.begin_day
    group by opened.entity_key, opened.day

),

evidence as (

    select
        remembered.*,
        remembered.begin_day * cast({{ day_ms }} as bigint) as window_ms,
        remembered.mends as speaks
    from remembered
    inner join lasting
        on remembered.entity_key = lasting.entity_key
        and remembered.spell = lasting.spell
    inner join opened
        on remembered.entity_key = opened.entity_key
        and remembered.begin_day = opened.day
    where remembered.begins = 1
        or remembered.mends = 1
        or remembered.tells_more

),

{{ detection_result(day_ms, title, kept, facts, subject, resolved='judged.resolved') }}
{%- endmacro %}
