{%- set where -%}
    metadata_event_code in ('user.mfa.factor.reset_all', 'user.mfa.factor.deactivate', 'system.mfa.factor.deactivate')
    and coalesce(status_id, 0) <> 2
{%- endset -%}
{{ detect_event(
    input=[
        {'relation': ref('ocsf_account_change'), 'derive': {'target_uid': 'user_uid', 'target': 'user_name'}},
        {'relation': ref('ocsf_api_activity'), 'derive': {'target_uid': 'resource_uid', 'target': 'resource_name'}},
    ],
    where=where,
    entity=['actor_user_uid', 'target_uid'],
    nullable=['actor_user_uid', 'target_uid'],
    window=60,
    columns=['metadata_event_code', 'target'],
    facts={
        'operations': distinct_texts('metadata_event_code'),
        'targets': distinct_texts('target'),
        'addresses': distinct_texts('src_endpoint_ip'),
    },
    subject={'resource_uid': 'ranked.target_uid', 'resource_name': 'ranked.target'},
    title="case
        when metadata_event_code = 'system.mfa.factor.deactivate'
            then concat_ws(' ', coalesce(actor_user_name, actor_user_uid, 'somebody'), 'switched a second factor off for the organisation')
        else concat_ws(' ', coalesce(actor_user_name, actor_user_uid, 'somebody'), 'removed',
            case when metadata_event_code = 'user.mfa.factor.reset_all' then 'every second factor of' else 'a second factor of' end,
            coalesce(target, target_uid, 'a user'))
    end"
) }}
