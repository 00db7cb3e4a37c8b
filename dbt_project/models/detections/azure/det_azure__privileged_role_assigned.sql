{#-
    Owner, User Access Administrator and Role Based Access Control Administrator: the built-in roles whose holders can
    give rights to others. Their ids are the same in every tenant.
    https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
-#}
{%- set named = "lower(concat_ws(' ', policy_uid, api_request_data, api_response_data))" -%}
{%- set assigned -%}
    lower(metadata_event_code) in (
        'microsoft.authorization/roleassignments/write', 'microsoft.authorization/elevateaccess/action'
    )
{%- endset -%}
{%- set privileged -%}
    {{ assigned }}
    and (
        lower(metadata_event_code) = 'microsoft.authorization/elevateaccess/action'
        or {{ named }} like '%8e3af657-a8ff-443c-a75c-2fe8c4bcb635%'
        or {{ named }} like '%18d7d88d-d35e-4fb5-a5c3-7773c20a72d9%'
        or {{ named }} like '%f58310d9-a9f6-439a-9e8d-f62e7b41a168%'
    )
{%- endset -%}
{%- set scope = {
    'scope': "regexp_replace(lower(resource_uid), '/providers/microsoft[.]authorization/roleassignments/.*$', '')"
} -%}
{#- The request is in the record that opens an operation, its success in the one that closes it. -#}
{{ detect_sequence(
    first={'input': ref('ocsf_user_access'), 'where': privileged, 'derive': scope},
    then={'input': ref('ocsf_user_access'), 'where': assigned ~ ' and status_id = 1', 'derive': scope},
    entity=['api_request_uid', 'resource_uid', 'actor_user_uid'],
    nullable=['resource_uid', 'actor_user_uid'],
    window=60,
    columns=['metadata_event_code', 'user_uid', 'policy_name', 'scope'],
    facts={
        'operations': distinct_texts('lower(metadata_event_code)'),
        'roles': distinct_texts('policy_name'),
        'targets': distinct_texts('user_uid'),
        'scopes': distinct_texts('scope'),
    },
    title="case
        when lower(metadata_event_code) = 'microsoft.authorization/elevateaccess/action'
            then concat_ws(' ', coalesce(actor_user_name, actor_user_uid, 'somebody'), 'took access to every subscription of the tenant')
        else concat_ws(' ', coalesce(actor_user_name, actor_user_uid, 'somebody'), 'assigned', 'a privileged role', 'at', scope)
    end"
) }}
