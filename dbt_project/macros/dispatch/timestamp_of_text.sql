{# A timestamp with time zone from a text, in UTC where it names no zone; NULL where it is none. It never raises. #}
{% macro timestamp_of_text(expression) -%}
    {{ return(adapter.dispatch('timestamp_of_text', 'catchment')(expression)) }}
{%- endmacro %}

{# `try_cast` itself raises for a time at the end of the calendar (294247-01-10 00:00:00 America/New_York). #}
{% macro duckdb__timestamp_of_text(expression) -%}
    try(try_cast({{ expression }} as timestamptz))
{%- endmacro %}

{% macro spark__timestamp_of_text(expression) -%}
    try_cast({{ expression }} as timestamp)
{%- endmacro %}
