{#
    The address in a text that may have a port, as `203.0.113.7:51234` or `[2001:db8::1]:443`; an IPv4 address that is mapped
    to IPv6 as itself; NULL where the text holds none.
#}
{% macro bare_ip(text) -%}
    {%- set bare = "replace(replace(" ~ text ~ ", '[', ''), ']', '')" -%}
    {%- set found -%}
        case
            when {{ text }} like '%.%' then regexp_extract({{ bare }}, '^(::ffff:)?([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)(:[0-9]+)?$', 2)
            when left({{ text }}, 1) = '[' then regexp_extract({{ text }}, '([0-9A-Fa-f:]+)', 1)
            else {{ text }}
        end
    {%- endset -%}
    case when {{ is_ip(found) }} then {{ found }} end
{%- endmacro %}
