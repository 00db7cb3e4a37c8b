{# Canonical JSON text of an entity's values, in the order given: equal on every engine, nulls kept. #}
{% macro entity_key(columns) -%}
    {{ return(adapter.dispatch('entity_key', 'catchment')(columns)) }}
{%- endmacro %}

{% macro duckdb__entity_key(columns) -%}
    cast(to_json([{% for column in columns %}cast({{ column }} as string){{ ', ' if not loop.last }}{% endfor %}]) as string)
{%- endmacro %}

{% macro spark__entity_key(columns) -%}
    to_json(array({% for column in columns %}cast({{ column }} as string){{ ', ' if not loop.last }}{% endfor %}))
{%- endmacro %}
