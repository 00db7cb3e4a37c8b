{%- set where -%}
    metadata_event_code in ('user.mfa.okta_verify.deny_push', 'user.mfa.okta_verify.deny_push_upgrade_needed')
    or (
        metadata_event_code = 'user.authentication.auth_via_mfa'
        and status_id = 2
        and upper(mfa_factor) like '%PUSH%'
    )
{%- endset -%}
{#- A refusal is logged as what the user did and as the sign-in that failed: each kind is counted apart. -#}
{{ detect_threshold(
    input=ref('ocsf_authentication'),
    where='(' ~ where ~ ')',
    entity=['login'],
    window=10,
    at_least=5,
    per=['is_refusal'],
    derive={
        'login': 'lower(coalesce(actor_user_name, actor_user_uid))',
        'is_refusal': "metadata_event_code <> 'user.authentication.auth_via_mfa'",
    },
    facts={
        'refused': 'count(case when is_refusal then 1 end)',
        'addresses': distinct_texts('src_endpoint_ip'),
    },
    title="concat_ws(' ', login, 'did not confirm', cast(most_in_window as string), 'pushes within ten minutes')"
) }}
