{#
    The detections of the project in name order, from their yml: [{name, domain, meta, inputs}]. `inputs` are the class
    tables that a detection reads, by itself or through a rollup, each with the columns that it declares; none known
    through a rollup. Empty while dbt only reads the project.
#}
{% macro declared_detections() -%}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() | sort(attribute='name')
            if node.resource_type == 'model' and node.name.startswith('det_') -%}
            {%- set inputs = {} -%}
            {%- for input, columns in node.config.meta.inputs.items() -%}
                {%- if input.startswith('ocsf_') -%}
                    {%- do inputs.update({input: columns}) -%}
                {%- else -%}
                    {%- for parent in graph.nodes.values()
                        if parent.name == input and parent.resource_type == 'model' -%}
                        {%- for ref in parent.refs if ref.name.startswith('ocsf_') and ref.name not in inputs -%}
                            {%- do inputs.update({ref.name: []}) -%}
                        {%- endfor -%}
                    {%- endfor -%}
                {%- endif -%}
            {%- endfor -%}
            {%- do found.append({'name': node.name, 'domain': node.name[4:].split('__')[0], 'meta': node.config.meta, 'inputs': inputs}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}

{# A relation of literal texts: {columns} named, one row a list; without rows it is typed and empty. #}
{% macro text_rows(columns, rows) -%}
    {%- if rows -%}
    select {{ columns | join(', ') }} from (
        values
        {%- for row in rows %}
        ({% for value in row %}{{ 'cast(null as string)' if value is none else "'" ~ (value | string | replace("'", "''")) ~ "'" }}
        {{- ', ' if not loop.last }}{% endfor %}){{ ',' if not loop.last }}
        {%- endfor %}
    ) as literal ({{ columns | join(', ') }})
    {%- else -%}
    select {% for column in columns %}cast(null as string) as {{ column }}{{ ', ' if not loop.last }}{% endfor %} where 1 = 0
    {%- endif -%}
{%- endmacro %}
