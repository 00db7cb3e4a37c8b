{#- A user who cannot sign in any more needs no factor. -#}
{{ detect_state(
    input=ref('ocsf_account_change'),
    where="metadata_product_vendor_name = 'Okta'
    and metadata_event_code in (
        'user.mfa.factor.reset_all', 'user.mfa.factor.activate',
        'user.lifecycle.deactivate', 'user.lifecycle.suspend', 'user.lifecycle.delete.completed'
    )
    and coalesce(status_id, 0) <> 2",
    wrong="metadata_event_code = 'user.mfa.factor.reset_all'",
    entity=['user_uid'],
    memory_days=14,
    for_minutes=1440,
    told=['actor_user_uid'],
    columns=['user_name'],
    facts={
        'actors': distinct_texts('actor_user_name'),
        'addresses': distinct_texts('src_endpoint_ip'),
    },
    subject={'resource_uid': 'ranked.user_uid', 'resource_name': 'ranked.user_name'},
    title="concat_ws(' ', coalesce(user_name, user_uid), 'enrolled no second factor for a day or more after all were reset by',
        coalesce(actor_user_name, actor_user_uid, 'somebody'))"
) }}
