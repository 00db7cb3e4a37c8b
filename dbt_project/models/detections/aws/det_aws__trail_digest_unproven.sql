{{ detect_event(
    input=ref('ocsf_base_event'),
    where="source = 'aws_cloudtrail_digest' and status_code = 'invalid'",
    entity=['resource_uid'],
    window=1440,
    facts={'reasons': distinct_texts('status_detail')},
    columns=['status_detail'],
    title="concat_ws(' ', 'the signature of a CloudTrail digest of account', cloud_account_uid, 'in', cloud_region, 'does not hold:', status_detail)"
) }}
