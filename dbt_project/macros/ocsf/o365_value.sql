{#
    The text of a property of a record of Microsoft 365, the first of some names that is there. `properties` is a list of
    {Name, Value} or, of what changed, {Name, NewValue, OldValue}; names are compared in lower case.
#}
{% macro o365_value(properties, names, field='Value') -%}
    nullif(trim(coalesce(
        {%- for name in names %}
        {{ list_item(list_where(properties, "lower(item.Name) = '" ~ name ~ "' and item." ~ field ~ " <> ''"), 1) }}.{{ field }},
        {%- endfor %} ''
    )), '')
{%- endmacro %}

{# What changed, after the change or, where it is gone, before it. #}
{% macro o365_changed(changes, names) -%}
    coalesce({{ o365_value(changes, names, 'NewValue') }}, {{ o365_value(changes, names, 'OldValue') }})
{%- endmacro %}
