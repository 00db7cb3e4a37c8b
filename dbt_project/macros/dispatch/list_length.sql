{# The number of items of a list. #}
{% macro list_length(list) -%}
    {{ return(adapter.dispatch('list_length', 'catchment')(list)) }}
{%- endmacro %}

{% macro duckdb__list_length(list) -%}
    len({{ list }})
{%- endmacro %}

{% macro spark__list_length(list) -%}
    size({{ list }})
{%- endmacro %}
