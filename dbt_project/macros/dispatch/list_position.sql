{# The place of the first item of a list that equals a value, from 1; NULL where none does. #}
{% macro list_position(list, value) -%}
    {{ return(adapter.dispatch('list_position', 'catchment')(list, value)) }}
{%- endmacro %}

{% macro duckdb__list_position(list, value) -%}
    cast(nullif(list_position({{ list }}, {{ value }}), 0) as integer)
{%- endmacro %}

{% macro spark__list_position(list, value) -%}
    cast(nullif(array_position({{ list }}, {{ value }}), 0) as integer)
{%- endmacro %}
