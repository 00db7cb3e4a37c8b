{# Aggregate: the texts of the rows at positions 1 to `most`, in the order of their positions. #}
{% macro texts_by_position(expression, position, most) -%}
    {{ return(adapter.dispatch('texts_by_position', 'catchment')(expression, position, most)) }}
{%- endmacro %}

{% macro duckdb__texts_by_position(expression, position, most) -%}
    list({{ expression }} order by {{ position }}) filter (where {{ position }} <= {{ most }})
{%- endmacro %}

{% macro spark__texts_by_position(expression, position, most) -%}
    transform(
        array_sort(collect_list(case when {{ position }} <= {{ most }} then struct({{ position }} as place, {{ expression }} as text) end)),
        pair -> pair.text
    )
{%- endmacro %}
