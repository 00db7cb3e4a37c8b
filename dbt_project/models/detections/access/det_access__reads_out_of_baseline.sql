{{ detect_anomaly(
    rollup=ref('rollup_access_day'),
    measure='reads',
    where="store_type = 'bucket'",
    evidence={
        'input': ref('ocsf_datastore_activity'),
        'where': "databucket_name is not null and activity_id in (1, 4) and coalesce(status_id, 0) <> 2",
        'derive': {'principal_uid': access_principal_uid(), 'store_uid': 'databucket_name'},
    },
    entity=['principal_uid', 'store_uid'],
    lookback_days=28,
    learning_days=7,
    at_least=100,
    columns=['bytes'],
    facts={
        'bytes_read': "cast(sum(greatest(least(coalesce(bytes, 0), 1000000000000), 0)) as bigint)",
        'sessions': distinct_texts('actor_user_uid'),
        'addresses': distinct_texts('src_endpoint_ip'),
        'accounts': distinct_texts('cloud_account_uid'),
    },
    subject={'resource_uid': 'ranked.store_uid', 'resource_name': 'ranked.store_uid'},
    title="concat_ws(' ', principal_uid, 'read', store_uid, day_total, 'times in a day, where', usual, 'are usual on a', day_kind, 'day')"
) }}
