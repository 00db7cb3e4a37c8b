{#
    The distinct values of a column that are not null, a row each, where they are known to be few. DuckDB expects of
    `select distinct` as many rows as it reads, and would then hold all of them beside it in a join.
#}
{% macro each_once(expression) -%}
    {{ return(adapter.dispatch('each_once', 'catchment')(expression)) }}
{%- endmacro %}

{% macro duckdb__each_once(expression) -%}
    unnest(list(distinct {{ expression }}) filter (where {{ expression }} is not null))
{%- endmacro %}

{% macro spark__each_once(expression) -%}
    explode(collect_set({{ expression }}))
{%- endmacro %}
