{# The new rows of all class tables: the given columns, and the class table's name as class_name. #}
{% macro new_class_rows(columns) -%}
    {%- for table in class_tables() %}
    select {{ columns | join(', ') }}, '{{ table[5:] }}' as class_name
    from {{ new_rows(ref(table)) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
