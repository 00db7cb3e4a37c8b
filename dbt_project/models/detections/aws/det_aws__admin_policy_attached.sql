{%- set where -%}
    api_service_name = 'iam.amazonaws.com'
    and api_operation in ('AttachUserPolicy', 'AttachRolePolicy', 'AttachGroupPolicy')
    and status_id = 1
    and (policy_uid like 'arn:%:policy/AdministratorAccess' or policy_uid like 'arn:%:policy/%/AdministratorAccess')
{%- endset -%}
{{ detect_event(
    input=ref('ocsf_account_change'),
    where=where,
    entity=['cloud_account_uid', 'actor_user_uid'],
    nullable=['cloud_account_uid', 'actor_user_uid'],
    window=60,
    columns=['api_operation', 'policy_uid', 'user_name', 'user_type'],
    facts={
        'targets': distinct_texts('user_name'),
        'operations': distinct_texts('api_operation'),
        'policies': distinct_texts('policy_uid'),
    },
    title="concat_ws(' ', coalesce(actor_user_name, actor_user_uid, 'somebody'),
        'attached AdministratorAccess to', lower(user_type), user_name)"
) }}
