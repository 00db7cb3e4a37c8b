{# The items of a list for which a condition holds, in which each is called `item`. #}
{% macro list_where(list, condition) -%}
    {{ adapter.dispatch('list_where', 'catchment')(list, condition) }}
{%- endmacro %}

{% macro duckdb__list_where(list, condition) -%}
    list_filter({{ list }}, lambda item: {{ condition }})
{%- endmacro %}

{% macro spark__list_where(list, condition) -%}
    filter({{ list }}, item -> {{ condition }})
{%- endmacro %}
