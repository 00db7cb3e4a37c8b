{# The texts of one field of the objects in a JSON array: an empty list or null where there is none. #}
{% macro json_text_list(column, array_path, field) -%}
    {{ return(adapter.dispatch('json_text_list', 'catchment')(column, array_path, field)) }}
{%- endmacro %}

{% macro duckdb__json_text_list(column, array_path, field) -%}
    try(json_extract_string({{ column }}, '{{ array_path }}[*].{{ field }}'))
{%- endmacro %}

{% macro spark__json_text_list(column, array_path, field) -%}
    from_json(get_json_object({{ column }}, '{{ array_path }}'), 'array<struct<{{ field }}:string>>').{{ field }}
{%- endmacro %}
