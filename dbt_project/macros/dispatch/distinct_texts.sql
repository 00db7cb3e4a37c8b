{# Aggregate: the distinct texts that are not null, sorted, at most `most` of them. #}
{% macro distinct_texts(expression, most=20) -%}
    {{ return(adapter.dispatch('distinct_texts', 'catchment')(expression, most)) }}
{%- endmacro %}

{% macro duckdb__distinct_texts(expression, most) -%}
    list_slice(list_sort(list(distinct {{ expression }}) filter (where {{ expression }} is not null)), 1, {{ most }})
{%- endmacro %}

{% macro spark__distinct_texts(expression, most) -%}
    slice(array_sort(collect_set({{ expression }})), 1, {{ most }})
{%- endmacro %}
