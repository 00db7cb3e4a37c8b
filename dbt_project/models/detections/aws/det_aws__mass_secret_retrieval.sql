{%- set where -%}
    api_service_name = 'secretsmanager.amazonaws.com'
    and api_operation = 'GetSecretValue'
    and status_id = 1
{%- endset -%}
{{ detect_threshold(
    input=ref('ocsf_api_activity'),
    where=where,
    entity=['actor_user_uid'],
    window=60,
    at_least=20,
    facts={
        'distinct_secrets': 'count(distinct resource_uid)',
        'secrets': distinct_texts('resource_uid'),
        'addresses': distinct_texts('src_endpoint_ip'),
    },
    title="concat_ws(' ', coalesce(actor_user_name, actor_user_uid), 'read secrets', cast(event_count as string),
        'times, up to', cast(most_in_window as string), 'within an hour')"
) }}
