{#
    The text of a parameter of an event of Google Workspace's Reports API, the first of some names that is there. `parameters`
    is a list of {name, value, intValue, boolValue, multiValue}; names are written in either case and compared in lower case.
#}
{% macro workspace_parameter(parameters, names) -%}
    {%- set found = [] -%}
    {%- for name in names -%}
        {%- do found.append(list_item(list_where(parameters, "lower(item.name) = '" ~ name ~ "'"), 1)) -%}
    {%- endfor -%}
    nullif(coalesce(
        {%- for item in found %}
        {{ item }}.value, {{ item }}.intValue, {{ item }}.boolValue, {{ joined_texts(item ~ '.multiValue') }}{{ ',' if not loop.last }}
        {%- endfor %}
    ), '')
{%- endmacro %}
