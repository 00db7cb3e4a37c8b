{# A list of the given expressions. #}
{% macro list_of(items) -%}
    {{ adapter.dispatch('list_of', 'catchment')(items) }}
{%- endmacro %}

{% macro duckdb__list_of(items) -%}
    [{{ items | join(', ') }}]
{%- endmacro %}

{% macro spark__list_of(items) -%}
    array({{ items | join(', ') }})
{%- endmacro %}
