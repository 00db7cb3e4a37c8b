{# The name of an OCSF severity_id: https://schema.ocsf.io/1.8.0/base_event #}
{% macro severity_name(severity_id) -%}
    case {{ severity_id }}
        when 1 then 'Informational'
        when 2 then 'Low'
        when 3 then 'Medium'
        when 4 then 'High'
        when 5 then 'Critical'
        when 6 then 'Fatal'
        else 'Unknown'
    end
{%- endmacro %}
