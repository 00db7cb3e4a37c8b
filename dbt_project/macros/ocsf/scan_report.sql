{# What stands around a finding of a scanner's report (transforms/decoders/reports.py), as a struct with these fields. #}
{% macro around_finding(fields) -%}
    {{ parse_json(json_at('attributes', '$.fields'), fields) }}
{%- endmacro %}

{# The OCSF severity_id of a scanner's word. #}
{% macro severity_of_word(word) -%}
    case upper({{ word }})
        when 'CRITICAL' then 5
        when 'HIGH' then 4
        when 'MEDIUM' then 3
        when 'MODERATE' then 3
        when 'LOW' then 2
        when 'NEGLIGIBLE' then 1
        when 'NONE' then 1
        when 'INFO' then 1
        when 'INFORMATIONAL' then 1
        else 0
    end
{%- endmacro %}

{# The version of CVSS that a vector is written in: 2.0 had no prefix. #}
{% macro cvss_version(vector) -%}
    case when {{ vector }} like 'CVSS:%' then split_part(split_part({{ vector }}, '/', 1), ':', 2) else '2.0' end
{%- endmacro %}
