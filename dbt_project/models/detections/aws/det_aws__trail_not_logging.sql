{#- A new trail writes nothing until logging is started, so StartLogging is what mends, not CreateTrail. -#}
{{ detect_state(
    input=ref('ocsf_api_activity'),
    where="api_service_name = 'cloudtrail.amazonaws.com'
    and api_operation in ('StopLogging', 'DeleteTrail', 'StartLogging')
    and coalesce(status_id, 0) <> 2",
    wrong="api_operation <> 'StartLogging'",
    entity=['cloud_account_uid', 'cloud_region', 'resource_name'],
    memory_days=14,
    for_minutes=60,
    told=['api_operation'],
    facts={
        'operations': distinct_texts('api_operation'),
        'actors': distinct_texts('actor_user_uid'),
        'addresses': distinct_texts('src_endpoint_ip'),
    },
    title="concat_ws(' ', 'the trail', resource_name, 'of account', cloud_account_uid, 'wrote nothing for an hour or more after',
        api_operation, 'by', coalesce(actor_user_name, actor_user_uid, 'somebody'))"
) }}
