{#-
    Roles of IAM Identity Center are left out: its portal hands out their sessions for hours after one sign-on. The
    last part of a role session is what the assertion said the person is called.
-#}
{{ detect_absence(
    expects={
        'input': ref('ocsf_authentication'),
        'where': "metadata_product_name = 'CloudTrail' and api_operation = 'AssumeRoleWithSAML' and status_id = 1
    and user_uid like '%@%' and user_uid not like '%/AWSReservedSSO_%'",
        'derive': {'person': "lower(regexp_extract(user_uid, '([^/]+)$', 1))"},
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
    columns=['user_uid'],
    facts={
        'sessions': distinct_texts('user_uid'),
        'accounts': distinct_texts('cloud_account_uid'),
        'addresses': distinct_texts('src_endpoint_ip'),
    },
    subject={'resource_uid': 'ranked.user_uid'},
    title="concat_ws(' ', person, 'took on a role in', cloud_account_uid, 'by a SAML assertion that Okta knows nothing of, from',
        coalesce(src_endpoint_ip, 'somewhere'))"
) }}
