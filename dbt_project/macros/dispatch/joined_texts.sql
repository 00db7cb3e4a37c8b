{# The texts of a list in one, with `, ` between. #}
{% macro joined_texts(list) -%}
    {{ return(adapter.dispatch('joined_texts', 'catchment')(list)) }}
{%- endmacro %}

{% macro duckdb__joined_texts(list) -%}
    array_to_string({{ list }}, ', ')
{%- endmacro %}

{% macro spark__joined_texts(list) -%}
    array_join({{ list }}, ', ')
{%- endmacro %}
