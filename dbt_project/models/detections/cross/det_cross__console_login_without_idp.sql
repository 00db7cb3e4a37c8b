{#- The last part of a role session is what the identity provider said the person is called. -#}
{{ detect_absence(
    expects={
        'input': ref('ocsf_authentication'),
        'where': "metadata_product_name = 'CloudTrail' and api_operation = 'ConsoleLogin' and status_id = 1
    and actor_user_type in ('AssumedRole', 'FederatedUser') and actor_user_uid like '%@%'",
        'derive': {'person': "lower(regexp_extract(actor_user_uid, '([^/]+)$', 1))"},
    },
    missing={
        'input': ref('ocsf_authentication'),
        'where': okta_sso(),
        'derive': {'person': 'lower(actor_user_name)'},
    },
    entity=['person'],
    before=5,
    after=5,
    lateness=60,
    window=60,
    columns=['is_mfa'],
    facts={
        'roles': distinct_texts('actor_user_uid'),
        'accounts': distinct_texts('cloud_account_uid'),
        'addresses': distinct_texts('src_endpoint_ip'),
    },
    title="concat_ws(' ', person, 'signed in to the AWS console of', cloud_account_uid, 'from', coalesce(src_endpoint_ip, 'somewhere'),
        'and Okta knows nothing of it')"
) }}
