{# Each item of a list through an expression, in which it is called `item`. #}
{% macro list_map(list, expression) -%}
    {{ adapter.dispatch('list_map', 'catchment')(list, expression) }}
{%- endmacro %}

{% macro duckdb__list_map(list, expression) -%}
    list_transform({{ list }}, lambda item: {{ expression }})
{%- endmacro %}

{% macro spark__list_map(list, expression) -%}
    transform({{ list }}, item -> {{ expression }})
{%- endmacro %}
