{# What is left of a JSON object without some of its keys and without nulls, as JSON text; NULL where nothing is left. #}
{% macro json_without(expression, keys) -%}
    {{ adapter.dispatch('json_without', 'catchment')(expression, keys) }}
{%- endmacro %}

{# Left to itself DuckDB casts to JSON where it reads the value, which is outside of `try`: text that is no JSON would end the query. #}
{% macro duckdb__json_without(expression, keys) -%}
    nullif(
        try(cast(json_merge_patch('{}', json_merge_patch(try_cast({{ expression }} as json), '{ {%- for key in keys -%} "{{ key }}":null{{ ',' if not loop.last }} {%- endfor -%} }')) as varchar)),
        '{}'
    )
{%- endmacro %}

{% macro spark__json_without(expression, keys) -%}
    nullif(
        to_json(map_filter(from_json({{ expression }}, 'map<string,string>'), (k, v) -> v is not null and k not in ({% for key in keys %}'{{ key }}'{{ ', ' if not loop.last }}{% endfor %}))),
        '{}'
    )
{%- endmacro %}
