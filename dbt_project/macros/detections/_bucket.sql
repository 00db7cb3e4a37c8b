{# Start of the epoch-aligned bucket that an instant falls in, both in epoch milliseconds. #}
{% macro bucket_ms(time, length_ms) -%}
    ({{ time }}) - ((({{ time }}) % {{ length_ms }} + {{ length_ms }}) % {{ length_ms }})
{%- endmacro %}
