{%- set error = "lower(coalesce(api_response_error, ''))" -%}
{%- set where -%}
    metadata_product_name = 'CloudTrail'
    and status_id = 2
    and (
        {{ error }} like '%accessdenied%'
        or {{ error }} like '%unauthorizedoperation%'
        or {{ error }} like '%unauthorizedaccess%'
        or {{ error }} like '%notauthorized%'
        or {{ error }} like '%authorizationerror%'
    )
    -- A service that calls on its own, and the console's own probing of what a user may see, are not the user's doing.
    and src_endpoint_ip is not null
    and coalesce(http_user_agent, '') not like 'aws-internal/%'
    and coalesce(http_user_agent, '') <> 'AWS Internal'
{%- endset -%}
{{ detect_threshold(
    input=[
        ref('ocsf_api_activity'),
        ref('ocsf_datastore_activity'),
        ref('ocsf_authentication'),
        ref('ocsf_account_change'),
        ref('ocsf_user_access'),
    ],
    where=where,
    entity=['actor_user_uid'],
    window=60,
    at_least=15,
    columns=['api_operation', 'api_service_name'],
    facts={
        'operations': distinct_texts('api_operation'),
        'services': distinct_texts('api_service_name'),
        'addresses': distinct_texts('src_endpoint_ip'),
        'accounts': distinct_texts('cloud_account_uid'),
    },
    title="concat_ws(' ', coalesce(actor_user_name, actor_user_uid),
        'was denied', cast(event_count as string), 'calls, up to', cast(most_in_window as string), 'within an hour')"
) }}
