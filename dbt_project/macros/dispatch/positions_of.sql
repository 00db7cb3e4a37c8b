{# The positions 1, 2, ... of a list's items. #}
{% macro positions_of(list) -%}
    {{ return(adapter.dispatch('positions_of', 'catchment')(list)) }}
{%- endmacro %}

{% macro duckdb__positions_of(list) -%}
    range(1, len({{ list }}) + 1)
{%- endmacro %}

{% macro spark__positions_of(list) -%}
    case when size({{ list }}) > 0 then sequence(1, size({{ list }})) else array() end
{%- endmacro %}
