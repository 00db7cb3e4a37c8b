{%- set where -%}
    lower(metadata_event_code) = 'microsoft.storage/storageaccounts/listkeys/action'
    and status_id = 1
{%- endset -%}
{{ detect_first_seen(
    input=ref('ocsf_api_activity'),
    where=where,
    known_where="cloud_provider = 'Azure'",
    entity=['cloud_account_uid'],
    value='caller',
    derive={'caller': 'coalesce(actor_user_uid, actor_user_name)'},
    lookback_days=14,
    learning_days=7,
    facts={'storage_accounts': distinct_texts('resource_name'), 'addresses': distinct_texts('src_endpoint_ip')},
    title="concat_ws(' ', coalesce(actor_user_name, caller), 'took the keys of storage account', resource_name,
        'for the first time in 14 days in subscription', cloud_account_uid)"
) }}
