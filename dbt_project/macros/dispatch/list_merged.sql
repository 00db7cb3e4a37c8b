{# A list of texts with `surplus` + 1 of its items, from the n-th on, joined to one by `mark`. #}
{% macro list_merged(list, n, surplus, mark) -%}
    {{ return(adapter.dispatch('list_merged', 'catchment')(list, n, surplus, mark)) }}
{%- endmacro %}

{% macro duckdb__list_merged(list, n, surplus, mark) -%}
    list_concat(
        list_slice({{ list }}, 1, {{ n }} - 1),
        [list_reduce(list_slice({{ list }}, {{ n }}, {{ n }} + {{ surplus }}), lambda one, other: one || {{ mark }} || other)],
        list_slice({{ list }}, {{ n }} + {{ surplus }} + 1, len({{ list }}))
    )
{%- endmacro %}

{% macro spark__list_merged(list, n, surplus, mark) -%}
    concat(
        slice({{ list }}, 1, {{ n }} - 1),
        array(array_join(slice({{ list }}, {{ n }}, {{ surplus }} + 1), {{ mark }})),
        slice({{ list }}, {{ n }} + {{ surplus }} + 1, size({{ list }}))
    )
{%- endmacro %}
