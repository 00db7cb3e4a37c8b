{%- set where -%}
    metadata_product_name = 'CloudTrail'
    and src_endpoint_ip is not null
    -- Who fails to sign in has not proved to be the principal.
    and not (class_uid = 3002 and status_id = 2)
{%- endset -%}
{{ detect_first_seen(
    input=[
        ref('ocsf_api_activity'),
        ref('ocsf_datastore_activity'),
        ref('ocsf_authentication'),
        ref('ocsf_account_change'),
        ref('ocsf_user_access'),
    ],
    where=where,
    entity=['principal'],
    value='network',
    lookback_days=14,
    learning_days=7,
    columns=['api_operation'],
    derive={'principal': principal_of(), 'network': ip_network('src_endpoint_ip')},
    facts={
        'new_network': 'max(network)',
        'operations': distinct_texts('api_operation'),
        'addresses': distinct_texts('src_endpoint_ip'),
        'accounts': distinct_texts('cloud_account_uid'),
    },
    title="concat_ws(' ', principal, 'called from', network, 'for the first time in 14 days')"
) }}
