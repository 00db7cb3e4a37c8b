{#- A digest names the one before it by its hash, so what was altered or taken away is what no later digest names. -#}
{{ detect_absence(
    expects={
        'input': ref('ocsf_base_event'),
        'where': "source = 'aws_cloudtrail_digest'",
        'derive': {'digest_hash': 'raw_data_hash'},
    },
    missing={
        'input': ref('ocsf_base_event'),
        'where': "source = 'aws_cloudtrail_digest'",
        'derive': {'digest_hash': json_at('unmapped', '$.previousDigestHashValue')},
    },
    entity=['digest_hash'],
    before=0,
    after=180,
    lateness=180,
    window=60,
    title="concat_ws(' ', 'no CloudTrail digest follows', resource_name, 'of account', cloud_account_uid)"
) }}
