{# Milliseconds since 1970 UTC of a timestamp with time zone, bigint. #}
{% macro epoch_ms(timestamp) -%}
    {{ adapter.dispatch('epoch_ms', 'catchment')(timestamp) }}
{%- endmacro %}

{% macro duckdb__epoch_ms(timestamp) -%}
    epoch_ms({{ timestamp }})
{%- endmacro %}

{% macro spark__epoch_ms(timestamp) -%}
    unix_millis({{ timestamp }})
{%- endmacro %}
