{%- set where -%}
    metadata_product_name = 'Cloud Audit Logs'
    and action_id = 2
    and (api_response_error is null or api_response_error = 'PERMISSION_DENIED')
    -- A wrong password is no refused call, and what Google itself does is not the user's doing.
    and coalesce(api_service_name, '') <> 'login.googleapis.com'
    and coalesce(actor_user_type_id, 0) <> 3
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
        'projects': distinct_texts('cloud_account_uid'),
    },
    title="concat_ws(' ', coalesce(actor_user_name, actor_user_uid),
        'was denied', cast(event_count as string), 'calls, up to', cast(most_in_window as string), 'within an hour')"
) }}
