{# A JSON object as text out of named JSON values, without those that are NULL; NULL where nothing is left. #}
{% macro json_of(values) -%}
    {{ adapter.dispatch('json_of', 'catchment')(values) }}
{%- endmacro %}

{% macro duckdb__json_of(values) -%}
    nullif(cast(json_merge_patch('{}', to_json({{ catchment.duckdb__struct_of(values) }})) as varchar), '{}')
{%- endmacro %}

{% macro spark__json_of(values) -%}
    nullif(to_json({{ catchment.spark__struct_of(values) }}), '{}')
{%- endmacro %}
