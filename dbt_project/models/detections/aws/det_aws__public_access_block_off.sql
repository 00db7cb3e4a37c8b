{#- A setting that the request does not name is off: the call replaces the whole configuration. -#}
{%- set settings = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'] -%}
{%- set all_on -%}
    {% for setting in settings -%}
    lower(coalesce({{ json_at('api_request_data', '$.PublicAccessBlockConfiguration.' ~ setting) }}, 'false')) = 'true'
    {%- if not loop.last %} and {% endif %}
    {%- endfor %}
{%- endset -%}
{{ detect_state(
    input=ref('ocsf_api_activity'),
    where="api_service_name = 's3.amazonaws.com'
    and (
        api_operation in ('DeleteBucketPublicAccessBlock', 'DeleteAccountPublicAccessBlock', 'DeleteBucket')
        or (api_operation in ('PutBucketPublicAccessBlock', 'PutAccountPublicAccessBlock')
            and " ~ json_at('api_request_data', '$.PublicAccessBlockConfiguration') ~ " is not null)
    )
    and coalesce(status_id, 0) <> 2",
    wrong="api_operation in ('DeleteBucketPublicAccessBlock', 'DeleteAccountPublicAccessBlock')
    or (api_operation <> 'DeleteBucket' and not (" ~ all_on ~ "))",
    entity=['cloud_account_uid', 'guarded'],
    derive={'guarded': "coalesce(resource_name, 'every bucket')"},
    memory_days=14,
    told=['api_operation'],
    facts={
        'operations': distinct_texts('api_operation'),
        'actors': distinct_texts('actor_user_uid'),
        'addresses': distinct_texts('src_endpoint_ip'),
    },
    title="concat_ws(' ', coalesce(actor_user_name, actor_user_uid, 'somebody'), 'took the public access block from', guarded,
        'of account', cloud_account_uid)"
) }}
