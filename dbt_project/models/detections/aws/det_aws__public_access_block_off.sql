{#- A setting that the request does not name is off: the call replaces the whole configuration. -#}
{%- set all_on = [] -%}
{%- for setting in ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'] -%}
    {%- set value = json_at('api_request_data', '$.PublicAccessBlockConfiguration.' ~ setting) -%}
    {%- do all_on.append("coalesce(" ~ value ~ ", 'false') = 'true'") -%}
{%- endfor -%}
{%- set where -%}
    api_service_name = 's3.amazonaws.com'
    and coalesce(status_id, 0) <> 2
    and (
        api_operation in ('DeleteBucketPublicAccessBlock', 'DeleteAccountPublicAccessBlock', 'DeleteBucket')
        or (
            api_operation in ('PutBucketPublicAccessBlock', 'PutAccountPublicAccessBlock')
            and {{ json_at('api_request_data', '$.PublicAccessBlockConfiguration') }} is not null
        )
    )
{%- endset -%}
{%- set wrong -%}
    api_operation in ('DeleteBucketPublicAccessBlock', 'DeleteAccountPublicAccessBlock')
    or (api_operation <> 'DeleteBucket' and not ({{ all_on | join(' and ') }}))
{%- endset -%}
{{ detect_state(
    input=ref('ocsf_api_activity'),
    where=where,
    wrong=wrong,
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
