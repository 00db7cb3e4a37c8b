{# An empty list of texts. #}
{% macro no_texts() -%}
    {{ return(adapter.dispatch('no_texts', 'catchment')()) }}
{%- endmacro %}

{% macro duckdb__no_texts() -%}
    cast([] as varchar[])
{%- endmacro %}

{% macro spark__no_texts() -%}
    cast(array() as array<string>)
{%- endmacro %}
