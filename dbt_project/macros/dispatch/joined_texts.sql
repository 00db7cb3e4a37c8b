{# The texts of a list in one, with a mark between. #}
{% macro joined_texts(list, mark=', ') -%}
    {{ return(adapter.dispatch('joined_texts', 'catchment')(list, mark)) }}
{%- endmacro %}

{% macro duckdb__joined_texts(list, mark) -%}
    array_to_string({{ list }}, '{{ mark }}')
{%- endmacro %}

{% macro spark__joined_texts(list, mark) -%}
    array_join({{ list }}, '{{ mark }}')
{%- endmacro %}
