{# Whole hours since 1970 of a timestamp with time zone, and back. Hours are counted so that spans are plain arithmetic. #}
{% macro hour_no(timestamp) -%}
    cast(floor({{ epoch_ms(timestamp) }} / 3600000) as bigint)
{%- endmacro %}

{% macro hour_dt(number) -%}
    {{ timestamp_of_ms('(' ~ number ~ ') * 3600000') }}
{%- endmacro %}
