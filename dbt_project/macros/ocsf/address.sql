{# The host of `host:port`, `[2001:db8::1]:port` or a bare address of either kind. #}
{% macro address_host(address) -%}
    case
        when {{ address }} like '[%' then replace(replace(regexp_replace({{ address }}, ':[0-9]+$', ''), '[', ''), ']', '')
        when {{ address }} like '%:%:%' then {{ address }}
        else regexp_replace({{ address }}, ':[0-9]*$', '')
    end
{%- endmacro %}

{# The port of the same; NULL where there is none. #}
{% macro address_port(address) -%}
    case
        when {{ address }} like '[%' or {{ address }} not like '%:%:%'
            then try_cast(nullif(regexp_extract({{ address }}, ':([0-9]+)$', 1), '') as integer)
    end
{%- endmacro %}
