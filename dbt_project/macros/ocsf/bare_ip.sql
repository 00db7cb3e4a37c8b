{# The address in a text that may have a port, as `203.0.113.7:51234` or `[2001:db8::1]:443`; NULL where it holds none. #}
{% macro bare_ip(text) -%}
    {%- set found -%}
        case
            when left({{ text }}, 1) = '[' then regexp_extract({{ text }}, '([0-9A-Fa-f:.]+)', 1)
            when {{ text }} like '%.%' then regexp_extract({{ text }}, '^(::ffff:)?([0-9.]+)(:[0-9]+)?$', 2)
            else {{ text }}
        end
    {%- endset -%}
    case when {{ is_ip(found) }} then {{ found }} end
{%- endmacro %}
