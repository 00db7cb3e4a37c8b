{# A list of the whole numbers from `first` to `last`, both included. #}
{% macro numbers_between(first, last) -%}
    {{ return(adapter.dispatch('numbers_between', 'catchment')(first, last)) }}
{%- endmacro %}

{% macro duckdb__numbers_between(first, last) -%}
    generate_series({{ first }}, {{ last }})
{%- endmacro %}

{% macro spark__numbers_between(first, last) -%}
    sequence({{ first }}, {{ last }})
{%- endmacro %}
