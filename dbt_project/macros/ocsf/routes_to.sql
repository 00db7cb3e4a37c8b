{#
    The class tables that a staging model may fill: they become its parents when dbt reads the project. Nothing is
    rendered into the SQL, so that unit tests need no input for them.
#}
{% macro routes_to(classes) -%}
    {%- if not execute -%}
        {%- for class in classes -%}{%- do ref('ocsf_' ~ class) -%}{%- endfor -%}
    {%- endif -%}
{%- endmacro %}
