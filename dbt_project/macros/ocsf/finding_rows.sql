{# The rows of all tables of finding classes (OCSF category 2), whatever sources fill them: the given columns. #}
{% macro finding_rows(columns) -%}
    {%- for table in class_tables() if table.endswith('_finding') %}
    select {{ columns | join(', ') }}
    from {{ ref(table) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
