{# Whether a text is written like an IPv4 or IPv6 address: service names and host names are not. #}
{% macro is_ip(text) -%}
    {{ adapter.dispatch('is_ip', 'catchment')(text) }}
{%- endmacro %}

{% macro duckdb__is_ip(text) -%}
    regexp_full_match({{ text }}, '{{ catchment.ip_pattern() }}')
{%- endmacro %}

{% macro spark__is_ip(text) -%}
    ({{ text }} rlike '^({{ catchment.ip_pattern() }})$')
{%- endmacro %}

{% macro ip_pattern() -%}
    ((25[0-5]|(2[0-4]|1[0-9]|[1-9]?)[0-9])[.]){3}(25[0-5]|(2[0-4]|1[0-9]|[1-9]?)[0-9])|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]*
{%- endmacro %}
