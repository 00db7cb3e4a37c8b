{# A timestamp with time zone from epoch milliseconds. #}
{% macro timestamp_of_ms(expression) -%}
    {{ return(adapter.dispatch('timestamp_of_ms', 'catchment')(expression)) }}
{%- endmacro %}

{% macro duckdb__timestamp_of_ms(expression) -%}
    make_timestamptz(({{ expression }}) * 1000)
{%- endmacro %}

{% macro spark__timestamp_of_ms(expression) -%}
    timestamp_millis({{ expression }})
{%- endmacro %}
