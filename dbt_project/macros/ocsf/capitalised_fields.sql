{# Fields for parse_json with names that begin with a capital: some of Azure's services write them so, others do not. #}
{% macro capitalised_fields(fields) -%}
    {%- if fields is string -%}
        {{ return(fields) }}
    {%- elif fields is mapping -%}
        {%- set found = {} -%}
        {%- for name, type in fields.items() -%}
            {%- do found.update({name[:1] | upper ~ name[1:]: capitalised_fields(type)}) -%}
        {%- endfor -%}
        {{ return(found) }}
    {%- else -%}
        {{ return([capitalised_fields(fields[0])]) }}
    {%- endif -%}
{%- endmacro %}
