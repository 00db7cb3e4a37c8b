{{ detect_event(
    input=ref('ocsf_base_event'),
    where="source = 'aws_cloudtrail_digest' and status_code = 'log_files_differ'",
    entity=['resource_uid'],
    window=1440,
    facts={'log_files': distinct_texts('status_detail')},
    columns=['status_detail'],
    title="concat_ws(' ', 'log files of account', cloud_account_uid, 'in', cloud_region, 'are not as CloudTrail delivered them:', status_detail)"
) }}
