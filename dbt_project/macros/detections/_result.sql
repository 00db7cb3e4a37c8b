{#
    The closing CTEs of every shape, and its last line. They need two CTEs:
    judged    entity_key, window_ms, fires: one row for each pair that was opened; and what `resolved` names
    evidence  entity_key, window_ms, time_ms, event_uid, speaks, the kept columns: the rows that prove the pairs that
              fire. `speaks` is 0 on rows whose actor and resource stand for the finding, 1 on others.

    title     expression of text over the kept columns, event_count and the facts
    facts     name -> aggregate over the evidence; the whole of them is `detail`
    subject   subject column -> expression over the kept columns, where the column itself is not the one to show
    most_evidence  ids listed; `count` is the true number
    resolved  whether what a firing pair tells of has been mended since, in a shape that can see that
#}
{% macro detection_result(window_ms, title, columns, facts={}, subject={}, most_evidence=1000, resolved='false') -%}
{%- set kept = columns | reject('in', subject.keys() | list) | list %}
single as (

    -- The same event may prove a finding twice: as two parts of a sequence, or under one id with two texts.
    select
        evidence.*,
        row_number() over (
            partition by evidence.entity_key, evidence.window_ms, evidence.event_uid
            order by evidence.speaks, evidence.time_ms
        ) as copy
    from evidence

),

ranked as (

    select
        single.*,
        row_number() over (
            partition by single.entity_key, single.window_ms order by single.time_ms, single.event_uid
        ) as place,
        row_number() over (
            partition by single.entity_key, single.window_ms order by single.speaks, single.time_ms, single.event_uid
        ) as voice
    from single
    where single.copy = 1

),

summary as (

    select
        ranked.entity_key,
        ranked.window_ms,
        min(ranked.time_ms) as first_ms,
        max(ranked.time_ms) as last_ms,
        count(*) as event_count,
        {{ texts_by_position('ranked.event_uid', 'ranked.place', most_evidence) }} as event_uids
        {%- for column in kept %},
        max(case when ranked.voice = 1 then ranked.{{ column }} end) as {{ column }}
        {%- endfor %}
        {%- for column, expression in subject.items() %},
        max(case when ranked.voice = 1 then {{ expression }} end) as {{ column }}
        {%- endfor %}
        {%- for name, expression in facts.items() %},
        {{ expression }} as {{ name }}
        {%- endfor %}
    from ranked
    group by ranked.entity_key, ranked.window_ms

),

described as (

    select
        summary.*,
        {{ title }} as finding_title,
        {{ detection_detail(facts) }} as finding_detail
    from summary

),

final as (

    select
        judged.entity_key,
        {{ timestamp_of_ms('judged.window_ms') }} as window_start_dt,
        {{ timestamp_of_ms('judged.window_ms + ' ~ window_ms) }} as window_end_dt,
        judged.fires,
        {{ resolved }} as resolved,
        cast(described.finding_title as string) as title,
        {{ timestamp_of_ms('described.first_ms') }} as first_seen_dt,
        {{ timestamp_of_ms('described.last_ms') }} as last_seen_dt,
        cast(coalesce(described.event_count, 0) as bigint) as count,
        coalesce(described.event_uids, {{ no_texts() }}) as evidence_event_uids,
        {%- for column in detection_subject_columns() %}
        cast(described.{{ column }} as string) as {{ column }},
        {%- endfor %}
        cast(described.finding_detail as string) as detail
    from judged
    left join described
        on judged.entity_key = described.entity_key
        and judged.window_ms = described.window_ms

)

select * from final
{%- endmacro %}

{# JSON text of the facts, or null where there are none. #}
{% macro detection_detail(facts) -%}
    {%- set members = {} -%}
    {%- for name in facts -%}{%- do members.update({name: 'summary.' ~ name}) -%}{%- endfor -%}
    {{ json_object_text(members) if members else 'cast(null as string)' }}
{%- endmacro %}
