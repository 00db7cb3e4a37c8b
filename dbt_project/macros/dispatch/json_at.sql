{# The text at a path of a JSON text; null where the path is absent or the text is no JSON. #}
{% macro json_at(column, path) -%}
    {{ return(adapter.dispatch('json_at', 'catchment')(column, path)) }}
{%- endmacro %}

{% macro duckdb__json_at(column, path) -%}
    try(json_extract_string({{ column }}, '{{ path }}'))
{%- endmacro %}

{% macro spark__json_at(column, path) -%}
    get_json_object({{ column }}, '{{ path }}')
{%- endmacro %}
