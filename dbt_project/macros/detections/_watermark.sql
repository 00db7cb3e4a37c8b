{#
    The event-time watermark of the source behind some inputs: before_ms, which this detection judged at when it last
    ran, and now_ms. The Python half pins both (transforms/warehouse/watermarks.py). On the unit target now_ms is the
    time of the latest row of the inputs, and nothing was judged before.
#}
{% macro watermark_of(input) -%}
    {%- if target.name != 'unit' -%}
    catchment_new."{{ model.name }}__watermark"
    {%- else -%}
    (
        {%- for member in (input if input.render is not defined else [input]) %}
        {{ 'union all' if not loop.first }}
        select cast(null as bigint) as before_ms, max(input_rows.time) as now_ms
        from {{ member if member.render is defined else member['relation'] }} as input_rows
        {%- endfor %}
    )
    {%- endif -%}
{%- endmacro %}

{# Stands for no time at all: earlier than every event, and a day's sums away from the smallest number. #}
{% macro no_time_ms() -%} -4000000000000000000 {%- endmacro %}

{# Compares meta.watermark with the inputs and the wait (minutes) that a shape works with; raises where they differ. #}
{% macro watermark_declared(input, wait) -%}
    {% if execute and model.resource_type == 'model' %}
        {% set names = [] %}
        {% for member in (input if input.render is not defined else [input]) %}
            {% do names.append((member if member.render is defined else member['relation']).identifier) %}
        {% endfor %}
        {% set meta = config.get('meta', {}).get('watermark', {}) %}
        {% if meta.get('wait') != wait or meta.get('inputs', []) | map('replace', 'ocsf_', '') | sort != names | unique | sort %}
            {% do exceptions.raise_compiler_error(model.name ~ ": meta.watermark is " ~ meta ~ ", its SQL waits " ~ wait ~ " minutes for " ~ names) %}
        {% endif %}
    {% endif %}
{%- endmacro %}
