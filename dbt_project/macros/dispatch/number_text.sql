{# A whole number as people write it: 4312 is 4,312. #}
{% macro number_text(number) -%}
    {{ return(adapter.dispatch('number_text', 'catchment')(number)) }}
{%- endmacro %}

{% macro duckdb__number_text(number) -%}
    format('{:,}', cast({{ number }} as bigint))
{%- endmacro %}

{% macro spark__number_text(number) -%}
    format_number({{ number }}, 0)
{%- endmacro %}
