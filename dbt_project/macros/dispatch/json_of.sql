{# A JSON object as text out of named JSON texts, without those that are NULL; NULL where nothing is left. #}
{% macro json_of(values) -%}
    {{ adapter.dispatch('json_of', 'catchment')(values) }}
{%- endmacro %}

{% macro duckdb__json_of(values) -%}
    nullif('{' || concat_ws(','
    {%- for name, value in values.items() -%}
        , '"{{ name }}":' || {{ value }}
    {%- endfor -%}) || '}', '{}')
{%- endmacro %}

{% macro spark__json_of(values) -%}
    nullif(to_json({{ catchment.spark__struct_of(values) }}), '{}')
{%- endmacro %}
