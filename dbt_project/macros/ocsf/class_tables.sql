{# The models of all class tables: a class's table is its name, unless it says another. #}
{% macro class_tables() -%}
    {%- set tables = [] -%}
    {%- for class in ocsf_classes().values() -%}
        {%- do tables.append('ocsf_' ~ class.get('table', class.name | lower | replace(' ', '_'))) -%}
    {%- endfor -%}
    {{ return(tables) }}
{%- endmacro %}
