{#
    The network that an address lies in: /24 of IPv4, /48 of IPv6, in CIDR notation; null for anything else
    (host names, "AWS Internal"). Leading zeros of IPv6 groups do not count, `::` within the first three groups stands
    for zeros to their end (RFC 5952 writes it so).
#}
{% macro ip_network(column) -%}
    {{ return(adapter.dispatch('ip_network', 'catchment')(column)) }}
{%- endmacro %}

{% macro duckdb__ip_network(column) -%}
    case
        when regexp_matches({{ column }}, '^[0-9]{1,3}([.][0-9]{1,3}){3}$')
            then regexp_extract({{ column }}, '^([0-9]+[.][0-9]+[.][0-9]+)[.]', 1) || '.0/24'
        when regexp_matches({{ column }}, '^[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]*$')
            then array_to_string(list_transform([1, 2, 3], lambda i: coalesce(nullif(regexp_replace(
                split_part(split_part(lower({{ column }}), '::', 1), ':', i), '^0+', ''), ''), '0')), ':') || '::/48'
    end
{%- endmacro %}

{% macro spark__ip_network(column) -%}
    case
        when {{ column }} rlike '^[0-9]{1,3}([.][0-9]{1,3}){3}$'
            then concat(regexp_extract({{ column }}, '^([0-9]+[.][0-9]+[.][0-9]+)[.]', 1), '.0/24')
        when {{ column }} rlike '^[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]*$'
            then concat(array_join(transform(array(1, 2, 3), i -> coalesce(nullif(regexp_replace(
                split_part(split_part(lower({{ column }}), '::', 1), ':', i), '^0+', ''), ''), '0')), ':'), '::/48')
    end
{%- endmacro %}
