{{ detect_anomaly(
    rollup=ref('rollup_api_calls'),
    measure='calls',
    where="source = 'azure_activity'",
    evidence={
        'input': [ref('ocsf_api_activity'), ref('ocsf_user_access')],
        'where': "source = 'azure_activity' and cloud_provider is not null",
        'derive': {'principal': principal_of()},
    },
    entity=['principal'],
    lookback_days=28,
    learning_days=7,
    at_least=200,
    times=3,
    columns=['api_operation'],
    facts={
        'operations': distinct_texts('api_operation'),
        'addresses': distinct_texts('src_endpoint_ip'),
        'subscriptions': distinct_texts('cloud_account_uid'),
    },
    title="concat_ws(' ', coalesce(actor_user_name, principal), 'made', day_total, 'calls in a day, where', usual, 'are usual on a', day_kind, 'day')"
) }}
