{# Aggregates: the columns that prove a fact, of the rows of rollup_sdlc_event that tell of it. #}
{% macro evidence() -%}
        {{ distinct_texts('source') }} as sources,
        {{ distinct_texts('event_uid', 1000) }} as evidence_event_uids,
        count(distinct event_uid) as evidence_count
{%- endmacro %}
