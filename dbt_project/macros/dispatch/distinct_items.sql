{# The items of a list, each once, sorted. #}
{% macro distinct_items(list) -%}
    {{ return(adapter.dispatch('distinct_items', 'catchment')(list)) }}
{%- endmacro %}

{% macro duckdb__distinct_items(list) -%}
    list_sort(list_distinct({{ list }}))
{%- endmacro %}

{% macro spark__distinct_items(list) -%}
    array_sort(array_distinct({{ list }}))
{%- endmacro %}
