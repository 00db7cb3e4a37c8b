{# The values of a JSON object's members as text, in the order of their names; NULL where the text is no JSON object. #}
{% macro json_values(column) -%}
    {{ return(adapter.dispatch('json_values', 'catchment')(column)) }}
{%- endmacro %}

{% macro duckdb__json_values(column) -%}
    try(json_extract_string({{ column }}, '$.*'))
{%- endmacro %}

{% macro spark__json_values(column) -%}
    map_values(from_json({{ column }}, 'map<string,string>'))
{%- endmacro %}
