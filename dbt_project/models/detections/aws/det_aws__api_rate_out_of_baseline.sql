{{ detect_anomaly(
    rollup=ref('rollup_api_calls'),
    measure='calls',
    where="source = 'aws_cloudtrail'",
    evidence={
        'input': [
            ref('ocsf_api_activity'),
            ref('ocsf_datastore_activity'),
            ref('ocsf_authentication'),
            ref('ocsf_account_change'),
            ref('ocsf_user_access'),
        ],
        'where': "source = 'aws_cloudtrail' and cloud_provider is not null",
        'derive': {'principal': principal_of()},
    },
    entity=['principal'],
    lookback_days=28,
    learning_days=7,
    at_least=500,
    times=3,
    columns=['api_operation'],
    facts={
        'operations': distinct_texts('api_operation'),
        'addresses': distinct_texts('src_endpoint_ip'),
        'accounts': distinct_texts('cloud_account_uid'),
    },
    title="concat_ws(' ', principal, 'made', day_total, 'calls in a day, where', usual, 'are usual on a', day_kind, 'day')"
) }}
