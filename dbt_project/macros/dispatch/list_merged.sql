{# A list of texts with `surplus` + 1 of its items, from the n-th on, joined to one with spaces between. #}
{% macro list_merged(list, n, surplus) -%}
    {{ return(adapter.dispatch('list_merged', 'catchment')(list, n, surplus)) }}
{%- endmacro %}

{% macro duckdb__list_merged(list, n, surplus) -%}
    list_concat(
        list_slice({{ list }}, 1, {{ n }} - 1),
        [array_to_string(list_slice({{ list }}, {{ n }}, {{ n }} + {{ surplus }}), ' ')],
        list_slice({{ list }}, {{ n }} + {{ surplus }} + 1, len({{ list }}))
    )
{%- endmacro %}

{% macro spark__list_merged(list, n, surplus) -%}
    concat(
        slice({{ list }}, 1, {{ n }} - 1),
        array(array_join(slice({{ list }}, {{ n }}, {{ surplus }} + 1), ' ')),
        slice({{ list }}, {{ n }} + {{ surplus }} + 1, size({{ list }}))
    )
{%- endmacro %}
