{# The UTF-8 text that base64 of either alphabet stands for; NULL where it stands for none. #}
{% macro base64_text(text) -%}
    {{ adapter.dispatch('base64_text', 'catchment')(text) }}
{%- endmacro %}

{% macro duckdb__base64_text(text) -%}
    try(decode(from_base64(translate({{ text }}, '-_', '+/'))))
{%- endmacro %}

{% macro spark__base64_text(text) -%}
    decode(try_to_binary(translate({{ text }}, '-_', '+/'), 'base64'), 'UTF-8')
{%- endmacro %}
