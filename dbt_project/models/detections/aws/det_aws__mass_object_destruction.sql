{%- set customer_key = '%"x-amz-server-side-encryption-customer-algorithm"%' -%}
{%- set where -%}
    api_service_name in ('s3.amazonaws.com', 's3express.amazonaws.com')
    and status_id = 1
    and (
        api_operation in ('DeleteObject', 'DeleteObjects')
        -- A copy under a key that only the caller holds: the owner cannot read it again.
        or (
            api_operation = 'CopyObject'
            and (lower(api_request_data) like '{{ customer_key }}' or lower(api_response_data) like '{{ customer_key }}')
        )
    )
{%- endset -%}
{{ detect_threshold(
    input=ref('ocsf_datastore_activity'),
    where=where,
    entity=['actor_user_uid'],
    window=60,
    at_least=50,
    columns=['api_operation', 'databucket_name'],
    facts={
        'operations': distinct_texts('api_operation'),
        'buckets': distinct_texts('databucket_name'),
        'addresses': distinct_texts('src_endpoint_ip'),
    },
    subject={'resource_uid': 'ranked.databucket_name', 'resource_name': 'ranked.databucket_name', 'resource_type': "'AWS::S3::Bucket'"},
    title="concat_ws(' ', coalesce(actor_user_name, actor_user_uid), 'deleted or locked away', cast(event_count as string),
        'objects, first in bucket', databucket_name)"
) }}
