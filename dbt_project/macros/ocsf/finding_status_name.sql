{# The name of a finding's status_id: https://schema.ocsf.io/1.8.0/classes/detection_finding #}
{% macro finding_status_name(status_id) -%}
    case {{ status_id }}
        when 1 then 'New'
        when 2 then 'In Progress'
        when 3 then 'Suppressed'
        when 4 then 'Resolved'
        when 5 then 'Archived'
        when 6 then 'Deleted'
        when 99 then 'Other'
        else 'Unknown'
    end
{%- endmacro %}
