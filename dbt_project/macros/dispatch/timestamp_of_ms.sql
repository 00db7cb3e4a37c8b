{# A timestamp with time zone from epoch milliseconds; NULL beyond the years 1 to 9999, where arithmetic could raise. #}
{% macro timestamp_of_ms(expression) -%}
    {{ return(adapter.dispatch('timestamp_of_ms', 'catchment')(expression)) }}
{%- endmacro %}

{% macro duckdb__timestamp_of_ms(expression) -%}
    make_timestamptz(case when ({{ expression }}) between -62135596800000 and 253402300799999 then ({{ expression }}) * 1000 end)
{%- endmacro %}

{% macro spark__timestamp_of_ms(expression) -%}
    case when ({{ expression }}) between -62135596800000 and 253402300799999 then timestamp_millis({{ expression }}) end
{%- endmacro %}
