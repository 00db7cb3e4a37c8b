{# The id of an ATT&CK tactic that a vendor names or numbers, in any spacing (https://attack.mitre.org/tactics); else NULL. #}
{% macro attack_tactic_uid(name) -%}
    case translate(lower({{ name }}), ' _-', '')
    {%- for tactic, uid in attack_tactics().items() %}
        when '{{ tactic }}' then '{{ uid }}'
    {%- endfor %}
        else nullif(regexp_extract({{ name }}, '(TA[0-9]{4})', 1), '')
    end
{%- endmacro %}

{% macro attack_tactics() -%}
    {{ return({
        'reconnaissance': 'TA0043', 'recon': 'TA0043', 'resourcedevelopment': 'TA0042', 'initialaccess': 'TA0001',
        'execution': 'TA0002', 'persistence': 'TA0003', 'privilegeescalation': 'TA0004', 'defenseevasion': 'TA0005',
        'credentialaccess': 'TA0006', 'discovery': 'TA0007', 'lateralmovement': 'TA0008', 'collection': 'TA0009',
        'commandandcontrol': 'TA0011', 'exfiltration': 'TA0010', 'impact': 'TA0040',
    }) }}
{%- endmacro %}
