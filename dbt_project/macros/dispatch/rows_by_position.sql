{# Aggregate: a struct of each row at positions 1 to `most` for which the condition holds, in the order of their positions. #}
{% macro rows_by_position(fields, position, condition, most=1000) -%}
    {{ return(adapter.dispatch('rows_by_position', 'catchment')(fields, position, condition, most)) }}
{%- endmacro %}

{% macro duckdb__rows_by_position(fields, position, condition, most) -%}
    list({{ struct_of(fields) }} order by {{ position }}) filter (where {{ condition }} and {{ position }} <= {{ most }})
{%- endmacro %}

{% macro spark__rows_by_position(fields, position, condition, most) -%}
    transform(
        array_sort(collect_list(
            case when {{ condition }} and {{ position }} <= {{ most }} then struct({{ position }} as place, {{ struct_of(fields) }} as item) end
        )),
        pair -> pair.item
    )
{%- endmacro %}
