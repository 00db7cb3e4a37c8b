{# The n-th item of a list, from 1; NULL beyond its end. #}
{% macro list_item(list, n) -%}
    {{ adapter.dispatch('list_item', 'catchment')(list, n) }}
{%- endmacro %}

{% macro duckdb__list_item(list, n) -%}
    list_extract({{ list }}, {{ n }})
{%- endmacro %}

{% macro spark__list_item(list, n) -%}
    try_element_at({{ list }}, {{ n }})
{%- endmacro %}
