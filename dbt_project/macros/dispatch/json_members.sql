{# The members of a JSON object as a list of (name, value), values as text; none where the text is no JSON object. #}
{% macro json_members(expression) -%}
    {{ return(adapter.dispatch('json_members', 'catchment')(expression)) }}
{%- endmacro %}

{% macro duckdb__json_members(expression) -%}
    list_transform(
        list_zip(try(json_keys({{ expression }})), {{ catchment.duckdb__json_values(expression) }}),
        lambda member: struct_pack(name := member[1], value := member[2])
    )
{%- endmacro %}

{% macro spark__json_members(expression) -%}
    transform(
        map_entries(from_json({{ expression }}, 'map<string,string>')),
        member -> named_struct('name', member.key, 'value', member.value)
    )
{%- endmacro %}
