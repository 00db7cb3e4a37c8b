{# A JSON object as text out of a list of names, each once, and a list of texts; NULL where there are none. #}
{% macro json_of_lists(names, texts) -%}
    {{ return(adapter.dispatch('json_of_lists', 'catchment')(names, texts)) }}
{%- endmacro %}

{% macro duckdb__json_of_lists(names, texts) -%}
    nullif(cast(to_json(map({{ names }}, {{ texts }})) as varchar), '{}')
{%- endmacro %}

{% macro spark__json_of_lists(names, texts) -%}
    nullif(to_json(map_from_arrays({{ names }}, {{ texts }})), '{}')
{%- endmacro %}
