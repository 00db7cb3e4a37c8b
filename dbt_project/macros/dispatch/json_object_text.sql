{# JSON text of an object: `members` maps each name to a column. #}
{% macro json_object_text(members) -%}
    {{ return(adapter.dispatch('json_object_text', 'catchment')(members)) }}
{%- endmacro %}

{% macro duckdb__json_object_text(members) -%}
    cast(to_json(struct_pack({% for name, column in members.items() %}{{ name }} := {{ column }}{{ ', ' if not loop.last }}{% endfor %})) as string)
{%- endmacro %}

{% macro spark__json_object_text(members) -%}
    to_json(struct({% for name, column in members.items() %}{{ column }} as {{ name }}{{ ', ' if not loop.last }}{% endfor %}), map('ignoreNullFields', 'false'))
{%- endmacro %}
