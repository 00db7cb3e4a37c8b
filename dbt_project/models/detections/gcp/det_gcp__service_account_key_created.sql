{#- A key that leaves Google: a private key, a public key of one's own, an HMAC key for Cloud Storage. -#}
{%- set where -%}
    cloud_provider = 'GCP'
    and status_id = 1
    and (
        (
            api_service_name = 'iam.googleapis.com'
            and (api_operation like '%.CreateServiceAccountKey' or api_operation like '%.UploadServiceAccountKey')
        )
        or (api_service_name = 'storage.googleapis.com' and lower(api_operation) = 'storage.hmackeys.create')
    )
{%- endset -%}
{{ detect_event(
    input=ref('ocsf_account_change'),
    where=where,
    entity=['cloud_account_uid', 'actor_user_uid'],
    nullable=['cloud_account_uid', 'actor_user_uid'],
    window=60,
    columns=['api_operation', 'user_name', 'user_credential_uid'],
    facts={
        'service_accounts': distinct_texts('user_name'),
        'keys': distinct_texts('user_credential_uid'),
        'operations': distinct_texts('api_operation'),
    },
    title="concat_ws(' ', coalesce(actor_user_name, actor_user_uid, 'somebody'), 'made a key of service account', user_name)"
) }}
