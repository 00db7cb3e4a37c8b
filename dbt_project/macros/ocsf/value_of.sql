{# A field that is text, or an object {"value": ..., "localizedValue": ...}: its value. #}
{% macro value_of(field) -%}
    case when left({{ field }}, 1) = '{' then {{ json_text(field, 'value') }} else {{ field }} end
{%- endmacro %}
