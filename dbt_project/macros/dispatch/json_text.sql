{# The text at a path of keys and list positions (from 0) inside JSON text; NULL where there is none. #}
{% macro json_text(expression) -%}
    {{ adapter.dispatch('json_text', 'catchment')(expression, varargs) }}
{%- endmacro %}

{% macro duckdb__json_text(expression, keys) -%}
    try(json_extract_string({{ expression }}, '$
    {%- for key in keys -%}{{ '[' ~ key ~ ']' if key is number else '."' ~ key ~ '"' }}{%- endfor -%}'))
{%- endmacro %}

{% macro spark__json_text(expression, keys) -%}
    get_json_object({{ expression }}, '$
    {%- for key in keys -%}{{ '[' ~ key ~ ']' if key is number else "[\\'" ~ key ~ "\\']" }}{%- endfor -%}')
{%- endmacro %}
