{# Days since 1970-01-01 of a date, int. #}
{% macro epoch_day(day) -%}
    {{ return(adapter.dispatch('epoch_day', 'catchment')(day)) }}
{%- endmacro %}

{% macro duckdb__epoch_day(day) -%}
    cast({{ day }} - date '1970-01-01' as int)
{%- endmacro %}

{% macro spark__epoch_day(day) -%}
    unix_date({{ day }})
{%- endmacro %}
