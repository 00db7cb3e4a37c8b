{%- set request = "replace(lower(api_request_data), ' ', '')" -%}
{%- set trail -%}
    regexp_replace(
        coalesce(
            {{ json_at('api_request_data', '$.name') }},
            {{ json_at('api_request_data', '$.trailName') }},
            {{ json_at('api_request_data', '$.eventDataStore') }},
            resource_name
        ),
        '^arn:[^/]*/', ''
    )
{%- endset -%}
{%- set where -%}
    api_service_name = 'cloudtrail.amazonaws.com'
    and status_id = 1
    and (
        api_operation in ('StopLogging', 'DeleteTrail', 'StopEventDataStoreIngestion', 'DeleteEventDataStore')
        or (
            api_operation = 'UpdateTrail'
            and (
                {{ request }} like '%"ismultiregiontrail":false%'
                or {{ request }} like '%"includeglobalserviceevents":false%'
                or {{ request }} like '%"enablelogfilevalidation":false%'
            )
        )
        -- No selector is left that records management events, or those that write.
        or (
            api_operation = 'PutEventSelectors'
            and (
                (
                    {{ request }} like '%"includemanagementevents":false%'
                    and {{ request }} not like '%"includemanagementevents":true%'
                )
                or (
                    {{ request }} like '%"readwritetype":"readonly"%'
                    and {{ request }} not like '%"readwritetype":"all"%'
                    and {{ request }} not like '%"readwritetype":"writeonly"%'
                )
                or (
                    {{ request }} like '%"advancedeventselectors":[%'
                    and {{ request }} not like '%"management"%'
                )
            )
        )
    )
{%- endset -%}
{{ detect_event(
    input=ref('ocsf_api_activity'),
    where=where,
    entity=['cloud_account_uid', 'actor_user_uid'],
    nullable=['cloud_account_uid', 'actor_user_uid'],
    window=60,
    columns=['api_operation', 'trail'],
    derive={'trail': trail},
    facts={'operations': distinct_texts('api_operation'), 'trails': distinct_texts('trail')},
    subject={'resource_name': 'ranked.trail', 'resource_type': "'trail'"},
    title="concat_ws(' ', coalesce(actor_user_name, actor_user_uid, 'somebody'),
        'weakened the audit log with', api_operation, 'on', trail)"
) }}
