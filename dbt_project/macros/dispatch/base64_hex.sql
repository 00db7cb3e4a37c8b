{# The bytes that base64 stands for as lower-case hexadecimal digits, as digests are written; NULL where it stands for none. #}
{% macro base64_hex(text) -%}
    {{ adapter.dispatch('base64_hex', 'catchment')(text) }}
{%- endmacro %}

{% macro duckdb__base64_hex(text) -%}
    lower(try(hex(from_base64({{ text }}))))
{%- endmacro %}

{% macro spark__base64_hex(text) -%}
    lower(hex(try_to_binary({{ text }}, 'base64')))
{%- endmacro %}
