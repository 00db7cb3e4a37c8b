{#
    JSON text into a typed struct, once. `fields` names what is wanted: {'eventID': 'string', 'request': 'json',
    'identity': {'arn': 'string'}, 'resources': [{'ARN': 'string'}]}. 'string' takes any value as text, 'json' keeps a
    sub-tree as JSON text. A value of another shape, and text that is no JSON, gives NULL: it never raises.
#}
{% macro parse_json(column, fields) -%}
    {{ adapter.dispatch('parse_json', 'catchment')(column, fields) }}
{%- endmacro %}

{# A lone surrogate (\ud800) makes DuckDB refuse the whole text: it is replaced, so that it cannot hide a record. #}
{% macro duckdb__parse_json(column, fields) -%}
    {%- set structure = "'" ~ catchment.json_structure(fields) ~ "'" -%}
    coalesce(
        try(from_json({{ column }}, {{ structure }})),
        try(from_json(regexp_replace({{ column }}, '\\u[dD][89a-fA-F][0-9a-fA-F]{2}', '\\ufffd', 'g'), {{ structure }}))
    )
{%- endmacro %}

{% macro spark__parse_json(column, fields) -%}
    from_json({{ column }}, '{{ catchment.json_ddl(fields) }}')
{%- endmacro %}

{% macro json_structure(fields) -%}
    {%- if fields is string -%}
        "{{ {'string': 'VARCHAR', 'json': 'JSON'}[fields] }}"
    {%- elif fields is mapping -%}
        { {%- for name, type in fields.items() -%} "{{ name }}":{{ catchment.json_structure(type) }}{{ ',' if not loop.last }} {%- endfor -%} }
    {%- else -%}
        [{{ catchment.json_structure(fields[0]) }}]
    {%- endif -%}
{%- endmacro %}

{% macro json_ddl(fields) -%}
    {%- if fields is string -%}
        string
    {%- elif fields is mapping -%}
        struct<{%- for name, type in fields.items() -%} `{{ name }}`:{{ catchment.json_ddl(type) }}{{ ',' if not loop.last }} {%- endfor -%}>
    {%- else -%}
        array<{{ catchment.json_ddl(fields[0]) }}>
    {%- endif -%}
{%- endmacro %}
