{%- set where -%}
    metadata_event_code in (
        'user.account.privilege.grant', 'group.privilege.grant', 'app.oauth2.client.privilege.grant',
        'iam.resourceset.bindings.add'
    )
    and coalesce(status_id, 0) <> 2
{%- endset -%}
{#- A grant that does not name the role is no User Access event. -#}
{{ detect_event(
    input=[
        {
            'relation': ref('ocsf_user_access'),
            'derive': {'target_uid': 'user_uid', 'target': 'user_name', 'roles_given': joined_texts('privileges')},
        },
        {
            'relation': ref('ocsf_api_activity'),
            'derive': {'target_uid': 'resource_uid', 'target': 'resource_name', 'roles_given': 'cast(null as string)'},
        },
    ],
    where=where,
    entity=['actor_user_uid', 'target_uid'],
    nullable=['actor_user_uid', 'target_uid'],
    window=60,
    columns=['metadata_event_code', 'target', 'roles_given'],
    facts={
        'targets': distinct_texts('target'),
        'roles': distinct_texts('roles_given'),
        'addresses': distinct_texts('src_endpoint_ip'),
    },
    subject={'resource_uid': 'ranked.target_uid', 'resource_name': 'ranked.target'},
    title="concat_ws(' ', coalesce(actor_user_name, actor_user_uid, 'somebody'), 'made', coalesce(target, target_uid, 'somebody'),
        'an administrator:', coalesce(roles_given, 'role not named'))"
) }}
