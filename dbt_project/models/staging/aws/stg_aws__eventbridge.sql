{{ routes_to(['api_activity', 'authentication', 'base_event']) }}

{# https://docs.aws.amazon.com/eventbridge/latest/ref/overview.html #}
{% set envelope_fields = {
    'id': 'string', 'source': 'string', 'account': 'string', 'time': 'string', 'region': 'string', 'resources': ['string'],
    'detail': 'json',
} %}
{# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html #}
{% set event_fields = {
    'eventID': 'string', 'eventSource': 'string', 'eventName': 'string', 'apiVersion': 'string', 'requestID': 'string',
    'readOnly': 'string', 'awsRegion': 'string', 'recipientAccountId': 'string', 'sourceIPAddress': 'string', 'userAgent': 'string',
    'vpcEndpointId': 'string', 'errorCode': 'string', 'errorMessage': 'string', 'requestParameters': 'json',
    'responseElements': 'json', 'additionalEventData': {'MFAUsed': 'string', 'UserName': 'string'},
    'resources': [{'ARN': 'string', 'accountId': 'string', 'type': 'string'}],
    'userIdentity': {
        'type': 'string', 'principalId': 'string', 'arn': 'string', 'accountId': 'string', 'accessKeyId': 'string',
        'userName': 'string', 'invokedBy': 'string', 'identityProvider': 'string', 'credentialId': 'string',
        'onBehalfOf': {'userId': 'string', 'identityStoreArn': 'string'},
        'sessionContext': {
            'sessionIssuer': {'arn': 'string', 'accountId': 'string', 'userName': 'string'},
            'attributes': {'mfaAuthenticated': 'string'},
        },
    },
} %}
{% set no_text = 'cast(null as varchar)' %}

with

records as (

    select * from {{ new_rows(source('bronze', 'aws_eventbridge')) }}

),

kinds as (

    select * from {{ ref('aws_eventbridge') }}

),

parsed as (

    select
        records.*,
        {{ parse_json('raw', envelope_fields) }} as envelope,
        {{ json_text('raw', 'detail-type') }} as detail_type
    from records

),

opened as (

    select
        parsed.*,
        -- an application names its events as it likes: only of AWS's own services does the detail-type say what they are
        case when envelope.source like 'aws.%' and envelope.source not like 'aws.partner/%' then detail_type end as aws_type,
        case
            when envelope.source like 'aws.%' and envelope.source not like 'aws.partner/%' and detail_type like '% via CloudTrail'
                then {{ parse_json('envelope.detail', event_fields) }}
        end as event
    from parsed

),

matched as (

    select
        opened.*,
        -- a record of CloudTrail that names no call is none
        case
            when opened.aws_type not like '% via CloudTrail' or opened.event.eventName is not null then kinds.class_uid
        end as kind_class,
        kinds.activity_id as kind_activity
    from opened
    left join kinds on opened.aws_type = kinds.detail_type

),

read as (

    select
        matched.*,
        event.userIdentity as identity,
        event.userIdentity.sessionContext as session,
        event.additionalEventData as extra,
        {{ list_item('event.resources', 1) }} as first_resource,
        {{ is_ip('event.sourceIPAddress') }} as is_from_ip,
        nullif(event.errorCode, '') as error_code,
        nullif(event.errorMessage, '') as error_message,
        coalesce(
            {{ json_text('event.responseElements', 'ConsoleLogin') }}, {{ json_text('event.responseElements', 'CheckMfa') }},
            {{ json_text('event.responseElements', 'SwitchRole') }}
        ) as logon_result,
        case when aws_type = 'ECR Image Action' then {{ json_text('envelope.detail', 'action-type') }} end as image_action,
        case when aws_type = 'ECR Image Action' then {{ json_text('envelope.detail', 'result') }} end as image_result,
        case when aws_type = 'ECR Image Action' then {{ json_text('envelope.detail', 'repository-name') }} end as image_repository
    from matched

),

named as (

    select
        read.*,
        {{ cloudtrail_caller_names() }}
    from read

),

classified as (

    select
        named.*,
        coalesce(kind_class, 0) as to_class,
        case
            when kind_class is null then 99
            when kind_class = 6003 and event.eventName is not null then {{ api_activity_of('event.eventName', 'event.readOnly') }}
            when image_action = 'PUSH' then 1
            when image_action = 'DELETE' then 4
            else kind_activity
        end as to_activity,
        case
            when kind_class is null then 0
            when error_code is not null or error_message is not null or logon_result = 'Failure' or image_result = 'FAILURE' then 2
            when event.eventName is not null or image_result = 'SUCCESS' then 1
            else 0
        end as result
    from named

),

final as (

    select
        -- identity, lineage and time: an event that is replayed out of an archive has a field more
        {{ ocsf_identity_columns(
            'aws_eventbridge', 'EventBridge', 'AWS', uid='coalesce(event.eventID, envelope.id)', code='detail_type',
            text=entity_key(['envelope.id', 'envelope.source', 'detail_type', 'envelope.time', 'envelope.detail']),
            profiles=['cloud', 'datetime', 'sdlc', 'security_control'],
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'coalesce(event.eventName, image_action, detail_type)') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        coalesce(error_code, image_result) as status_code,
        coalesce(error_message, case when logon_result = 'Failure' then logon_result end) as status_detail,
        cast(case when error_code in {{ aws_denied_codes() }} then 2 when result = 1 then 1 end as integer) as action_id,
        {{ cloudtrail_caller_columns('coalesce(event.eventSource, envelope.source)') }},
        event.eventSource as dst_endpoint_svc_name,
        -- api and cloud
        coalesce(event.eventName, image_action, detail_type) as api_operation,
        coalesce(event.eventSource, envelope.source) as api_service_name,
        event.apiVersion as api_version,
        event.requestID as api_request_uid,
        cast(event.requestParameters as varchar) as api_request_data,
        error_code as api_response_error,
        error_message as api_response_message,
        cast(event.responseElements as varchar) as api_response_data,
        'AWS' as cloud_provider,
        coalesce(nullif(envelope.account, ''), nullif(event.recipientAccountId, '')) as cloud_account_uid,
        coalesce(nullif(envelope.region, ''), event.awsRegion) as cloud_region,
        event.userAgent as http_user_agent,
        coalesce(first_resource.ARN, image_repository, {{ list_item('envelope.resources', 1) }}) as resource_uid,
        coalesce(
            image_repository,
            nullif(regexp_extract(coalesce(first_resource.ARN, {{ list_item('envelope.resources', 1) }}), '([^/:]+)$', 1), '')
        ) as resource_name,
        coalesce(first_resource.type, case when image_repository is not null then 'AWS::ECR::Repository' end) as resource_type,
        case
            when event.resources is not null
                then {{ list_map('event.resources', struct_of({
                    'uid': 'item.ARN', 'name': no_text, 'type': 'item.type', 'account_uid': 'item.accountId',
                })) }}
            when {{ list_item('envelope.resources', 1) }} is not null
                then {{ list_map('envelope.resources', struct_of({
                    'uid': 'item', 'name': no_text, 'type': no_text, 'account_uid': no_text,
                })) }}
        end as resources,
        case
            when coalesce(event.eventName, image_repository) is not null
                then {{ json_without('envelope.detail', [
                    'eventID', 'eventTime', 'eventSource', 'eventName', 'apiVersion', 'requestID', 'awsRegion', 'recipientAccountId',
                    'sourceIPAddress', 'userAgent', 'vpcEndpointId', 'errorCode', 'errorMessage', 'requestParameters',
                    'responseElements', 'resources', 'userIdentity', 'action-type', 'result', 'repository-name', 'image-digest',
                    'image-tag',
                ]) }}
            else {{ json_without('raw', [
                'version', 'id', 'detail-type', 'source', 'account', 'time', 'region', 'resources', 'replay-name',
            ]) }}
        end as unmapped,
        -- class extras: authentication
        case when to_class = 3002 then coalesce(actor_name, identity.type, identity.invokedBy, 'unknown') end as user_name,
        case when to_class = 3002 then actor_uid end as user_uid,
        case when to_class = 3002 then identity.type end as user_type,
        case
            when to_class = 3002 then coalesce(nullif(event.recipientAccountId, ''), nullif(identity.accountId, ''))
        end as user_account_uid,
        case
            when to_class <> 3002 then null
            when extra.MFAUsed = 'Yes' then true
            when extra.MFAUsed = 'No' then false
        end as is_mfa,
        case when to_class = 3002 then event.eventSource end as service_name,
        -- class extras: artifacts
        case when image_action = 'PUSH' and image_result = 'SUCCESS' then 'artifact.published' end as sdlc_event_type,
        case
            when image_repository is not null
                then image_repository || coalesce(':' || nullif({{ json_text('envelope.detail', 'image-tag') }}, ''), '')
        end as artifact_name,
        case when image_repository is not null then {{ json_text('envelope.detail', 'image-digest') }} end as artifact_digest
    from classified

)

select * from final
