{#- The class tables and columns that each detection needs, as its yml declares them. -#}
{%- set rows = [] -%}
{%- for detection in declared_detections() -%}
    {%- for table, columns in detection.inputs.items() -%}
        {%- for column in columns or [none] -%}
            {%- do rows.append([detection.name, detection.domain, table[5:], column]) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endfor -%}
{{ text_rows(['detection', 'domain', 'class_name', 'column_name'], rows) }}
