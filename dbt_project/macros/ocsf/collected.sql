{# A header of a collector's line (transforms/sources/collected.py): names are told apart without regard to case. #}
{% macro collected_header(headers, name) -%}
    {{ list_item(list_where(json_members(headers), "lower(item.name) = '" ~ name ~ "'"), 1) }}.value
{%- endmacro %}
