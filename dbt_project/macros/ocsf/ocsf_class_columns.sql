{#
    The eight columns that follow from a class and an activity. `other` is the source's own word for what was done: the
    name of activity 99.
#}
{% macro ocsf_class_columns(class_uid, activity_id, other) -%}
    {%- set classes = ocsf_classes() -%}
    cast({{ class_uid }} as integer) as class_uid,
    case {{ class_uid }}
    {%- for uid, class in classes.items() %} when {{ uid }} then '{{ class.name }}'{% endfor %} end as class_name,
    cast(floor({{ class_uid }} / 1000) as integer) as category_uid,
    case cast(floor({{ class_uid }} / 1000) as integer)
    {%- for uid, name in ocsf_categories().items() %} when {{ uid }} then '{{ name }}'{% endfor %} end as category_name,
    cast({{ activity_id }} as integer) as activity_id,
    case
        when {{ activity_id }} = 99 then coalesce({{ other }}, 'Other')
        else case {{ class_uid }} * 100 + {{ activity_id }}
        {%- for uid, class in classes.items() -%}
            {%- for id, name in class.activities.items() %} when {{ uid * 100 + id }} then '{{ name }}'{% endfor %}
        {%- endfor %} else 'Unknown' end
    end as activity_name,
    cast({{ class_uid }} as bigint) * 100 + {{ activity_id }} as type_uid
{%- endmacro %}

{# https://schema.ocsf.io/1.8.0/classes: the classes that have a table, with their activity_id; 99 is Other in all of them. #}
{% macro ocsf_classes() -%}
    {{ return({
        0: {'name': 'Base Event', 'activities': {}},
        1007: {'name': 'Process Activity', 'activities': {1: 'Launch', 2: 'Terminate', 3: 'Open', 4: 'Inject', 5: 'Set User ID'}},
        2002: {'name': 'Vulnerability Finding', 'activities': {1: 'Create', 2: 'Update', 3: 'Close'}},
        2003: {'name': 'Compliance Finding', 'activities': {1: 'Create', 2: 'Update', 3: 'Close'}},
        2004: {'name': 'Detection Finding', 'activities': {1: 'Create', 2: 'Update', 3: 'Close'}},
        2006: {'name': 'Data Security Finding', 'activities': {1: 'Create', 2: 'Update', 3: 'Close'}},
        2007: {'name': 'Application Security Posture Finding', 'activities': {1: 'Create', 2: 'Update', 3: 'Close'}},
        3001: {'name': 'Account Change', 'activities': {
            1: 'Create', 2: 'Enable', 3: 'Password Change', 4: 'Password Reset', 5: 'Disable', 6: 'Delete',
            7: 'Attach Policy', 8: 'Detach Policy', 9: 'Lock', 10: 'MFA Factor Enable', 11: 'MFA Factor Disable',
            12: 'Unlock',
        }},
        3002: {'name': 'Authentication', 'activities': {
            1: 'Logon', 2: 'Logoff', 3: 'Authentication Ticket', 4: 'Service Ticket Request',
            5: 'Service Ticket Renew', 6: 'Preauth', 7: 'Account Switch',
        }},
        3005: {'name': 'User Access Management', 'table': 'user_access', 'activities': {1: 'Assign Privileges', 2: 'Revoke Privileges'}},
        3006: {'name': 'Group Management', 'activities': {
            1: 'Assign Privileges', 2: 'Revoke Privileges', 3: 'Add User', 4: 'Remove User', 5: 'Delete', 6: 'Create',
            7: 'Add Subgroup', 8: 'Remove Subgroup',
        }},
        4001: {'name': 'Network Activity', 'activities': {
            1: 'Open', 2: 'Close', 3: 'Reset', 4: 'Fail', 5: 'Refuse', 6: 'Traffic', 7: 'Listen',
        }},
        4002: {'name': 'HTTP Activity', 'activities': {
            1: 'Connect', 2: 'Delete', 3: 'Get', 4: 'Head', 5: 'Options', 6: 'Post', 7: 'Put', 8: 'Trace', 9: 'Patch',
        }},
        4003: {'name': 'DNS Activity', 'activities': {1: 'Query', 2: 'Response', 6: 'Traffic'}},
        5020: {'name': 'Software Inventory Info', 'activities': {1: 'Log', 2: 'Collect'}},
        5021: {'name': 'OSINT Inventory Info', 'activities': {1: 'Log', 2: 'Collect'}},
        5023: {'name': 'Cloud Resources Inventory Info', 'activities': {1: 'Log', 2: 'Collect'}},
        6003: {'name': 'API Activity', 'activities': {1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete'}},
        6005: {'name': 'Datastore Activity', 'activities': {
            1: 'Read', 2: 'Update', 3: 'Connect', 4: 'Query', 5: 'Write', 6: 'Create', 7: 'Delete', 8: 'List',
            9: 'Encrypt', 10: 'Decrypt',
        }},
    }) }}
{%- endmacro %}

{# https://schema.ocsf.io/1.8.0/categories #}
{% macro ocsf_categories() -%}
    {{ return({
        0: 'Uncategorized', 1: 'System Activity', 2: 'Findings', 3: 'Identity & Access Management', 4: 'Network Activity',
        5: 'Discovery', 6: 'Application Activity', 7: 'Remediation', 8: 'Unmanned Systems',
    }) }}
{%- endmacro %}
