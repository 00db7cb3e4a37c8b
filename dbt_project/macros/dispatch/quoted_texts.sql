{#
    The fields of a line that stand between spaces, as a list of texts: spaces within double quotes or brackets belong to a
    field, which is given without these; a list of quoted texts keeps its quotes. As `quoted_fields` of
    transforms/decoders/lines.py splits it.
#}
{% macro quoted_texts(line) -%}
    {{ return(list_map(
        adapter.dispatch('quoted_parts', 'catchment')(line),
        "case when (length(item) > 1 and item like '\"%\"' and item not like '_%\",\"%_') or item like '[% %]'"
        ~ " then substr(item, 2, length(item) - 2) else item end",
    )) }}
{%- endmacro %}

{% macro duckdb__quoted_parts(line) -%}
    regexp_extract_all({{ line }}, '"(?:[^"\\]|\\.)*"(?:,"(?:[^"\\]|\\.)*")*|\[[^\] ]{0,64} [^\]]{0,64}\]|[^ ]+')
{%- endmacro %}

{% macro spark__quoted_parts(line) -%}
    regexp_extract_all(
        {{ line }},
        '"(?:[^"\\\\]|\\\\.)*"(?:,"(?:[^"\\\\]|\\\\.)*")*|\\[[^\\] ]{0,64} [^\\]]{0,64}\\]|[^ ]+',
        0
    )
{%- endmacro %}
