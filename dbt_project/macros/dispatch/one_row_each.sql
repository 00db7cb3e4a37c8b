{# In a select list: one row for each member of a list; a row whose list is empty or null disappears. #}
{% macro one_row_each(expression) -%}
    {{ return(adapter.dispatch('one_row_each', 'catchment')(expression)) }}
{%- endmacro %}

{% macro duckdb__one_row_each(expression) -%}
    unnest({{ expression }})
{%- endmacro %}

{% macro spark__one_row_each(expression) -%}
    explode({{ expression }})
{%- endmacro %}
