{%- set request = "replace(lower(api_request_data), ' ', '')" -%}
{%- set where -%}
    cloud_provider = 'GCP'
    and status_id = 1
    and (
        (
            api_service_name = 'logging.googleapis.com'
            and (
                api_operation like '%ConfigServiceV2.DeleteSink'
                or api_operation like '%ConfigServiceV2.DeleteBucket'
                or api_operation like '%ConfigServiceV2.CreateExclusion'
                or api_operation like '%LoggingServiceV2.DeleteLog'
                or (
                    api_operation like '%ConfigServiceV2.UpdateSink'
                    and ({{ request }} like '%"disabled":true%' or {{ request }} like '%"exclusions":[{"%')
                )
                or (
                    api_operation like '%ConfigServiceV2.CreateSink'
                    and {{ request }} like '%"interceptchildren":true%'
                )
            )
        )
        -- Data Access logs are switched on and off in the policy of a project, folder or organisation.
        or (
            lower(api_operation) like '%setiampolicy'
            and {{ json_at('unmapped', '$.serviceData.policyDelta.auditConfigDeltas') }} like '%"REMOVE"%'
        )
    )
{%- endset -%}
{{ detect_event(
    input=[ref('ocsf_api_activity'), ref('ocsf_user_access')],
    where=where,
    entity=['cloud_account_uid', 'actor_user_uid'],
    nullable=['cloud_account_uid', 'actor_user_uid'],
    window=60,
    columns=['api_operation'],
    facts={'operations': distinct_texts('api_operation'), 'targets': distinct_texts('resource_uid')},
    title="concat_ws(' ', coalesce(actor_user_name, actor_user_uid, 'somebody'),
        'weakened the audit log with', nullif(regexp_extract(api_operation, '([A-Za-z]+)$', 1), ''), 'on', resource_uid)"
) }}
