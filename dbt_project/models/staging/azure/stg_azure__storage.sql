{{ routes_to(['api_activity', 'datastore_activity', 'base_event']) }}

{# https://learn.microsoft.com/azure/storage/blobs/monitor-blob-storage-reference#resource-logs #}
{% set event_fields = {
    'operationName': 'string', 'operationVersion': 'string', 'category': 'string', 'statusCode': 'string', 'statusText': 'string',
    'callerIpAddress': 'string', 'correlationId': 'string', 'resourceId': 'string', 'resourceType': 'string', 'location': 'string',
    'uri': 'json', 'durationMs': 'json', 'protocol': 'json',
    'identity': {
        'type': 'string', 'tokenHash': 'string', 'authorization': 'json', 'delegatedResource': 'json',
        'requester': {
            'appId': 'string', 'objectId': 'string', 'tenantId': 'string', 'upn': 'string', 'userName': 'string',
            'tokenIssuerId': 'string',
        },
    },
    'properties': 'json',
} %}
{% set detail_fields = {
    'accountName': 'string', 'serviceType': 'string', 'objectKey': 'string', 'userAgentHeader': 'string',
    'requestBodySize': 'string', 'responseBodySize': 'string',
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'azure_storage')) }}

),

kinds as (

    select * from {{ ref('azure_storage') }}

),

parsed as (

    select
        records.*,
        {{ parse_json('raw', event_fields) }} as event
    from records

),

opened as (

    select
        parsed.*,
        {{ parse_json('event.properties', detail_fields) }} as details,
        nullif(event.operationName, '') as operation,
        {{ json_text('raw', 'uri') }} as request_uri,
        event.identity.requester as caller,
        nullif(event.identity.tokenHash, '') as token_hash,
        lower(event.identity.type) as authentication,
        lower(nullif(event.resourceId, '')) as service_resource,
        {{ address_host('event.callerIpAddress') }} as caller_ip,
        {{ address_port('event.callerIpAddress') }} as caller_port,
        try_cast(event.statusCode as integer) as told_status,
        coalesce(event.protocol = '"SMB"', false) as is_smb
    from parsed

),

placed as (

    select
        opened.*,
        coalesce(nullif(details.accountName, ''), {{ azure_resource_name('service_resource') }}) as account,
        lower(nullif(details.serviceType, '')) as service,
        -- /account/container/path of the object; where it names the account alone, the URI goes on
        coalesce(
            nullif(regexp_extract(details.objectKey, '^/?[^/]+/([^/]+)', 1), ''),
            nullif(regexp_extract(request_uri, '^https?://[^/]+/([^/?(]+)', 1), '')
        ) as container,
        nullif(
            case
                when details.objectKey like '_%/_%' then regexp_extract(details.objectKey, '^/?[^/]+/[^/]+/(.+)$', 1)
                else regexp_extract(request_uri, '^https?://[^/]+/[^/?]+/([^?]+)', 1)
            end,
            ''
        ) as object_key
    from opened

),

matched as (

    select
        placed.*,
        case
            -- without an account it lacks what its class requires: it is still a call
            when placed.account is null and coalesce(operations.class_uid, categories.class_uid) = 6005 then null
            else coalesce(operations.class_uid, categories.class_uid)
        end as kind_class,
        coalesce(operations.activity_id, categories.activity_id) as kind_activity
    from placed
    left join kinds as operations on placed.operation = operations.operation
    left join kinds as categories on placed.event.category = categories.operation

),

classified as (

    select
        matched.*,
        case when operation is null then 0 else coalesce(kind_class, 6003) end as to_class,
        case when operation is null then 99 when kind_class is null then 99 else kind_activity end as to_activity,
        -- over SMB a status is NTSTATUS as a signed number: below zero nothing came of it
        case
            when is_smb then case when told_status < 0 then 2 when told_status >= 0 then 1 else 0 end
            when told_status >= 400 then 2
            when told_status >= 100 then 1
            else 0
        end as result,
        -- STATUS_ACCESS_DENIED and STATUS_LOGON_FAILURE
        case when is_smb then told_status in (-1073741790, -1073741715) else told_status in (401, 403) end as is_refused,
        -- the key of the account that opened it, or signed the shared access signature that did
        nullif(regexp_extract(token_hash, '^([A-Za-z0-9]+)[(]', 1), '') as signing_key,
        coalesce(nullif(caller.objectId, ''), nullif(caller.appId, '')) as requester_uid,
        coalesce(nullif(caller.upn, ''), nullif(caller.userName, '')) as requester_name,
        {{ is_ip('caller_ip') }} as is_from_ip
    from matched

),

named as (

    select
        classified.*,
        case
            when requester_name is not null then 'User'
            when requester_uid is not null then 'ServicePrincipal'
            when authentication = 'anonymous' then 'Anonymous'
            when authentication is not null then event.identity.type
        end as actor_type,
        case
            when requester_uid is not null then coalesce(requester_name, nullif(caller.appId, ''))
            when authentication = 'anonymous' then 'anonymous'
            when signing_key is not null and signing_key <> 'SasSignature' then account || '/' || signing_key
        end as actor_name,
        service_resource || case
            when container is null then ''
            else
                case service when 'file' then '/shares/' when 'queue' then '/queues/' when 'table' then '/tables/' else '/containers/' end
                || container || coalesce('/' || object_key, '')
        end as resource
    from classified

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            'azure_storage', 'Azure Storage', 'Microsoft', uid="nullif(event.correlationId, '')", code='coalesce(operation, event.category)',
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'operation') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        coalesce(nullif(event.statusText, ''), event.statusCode) as status_code,
        cast(case when is_refused then 2 when result = 1 then 1 end as integer) as action_id,
        -- actor: whom the directory vouches for, or else the key
        actor_name as actor_user_name,
        requester_uid as actor_user_uid,
        case when requester_uid is not null then nullif(caller.appId, '') end as actor_user_uid_alt,
        actor_type as actor_user_type,
        cast(case actor_type when 'User' then 1 when 'Anonymous' then 0 else case when actor_type is not null then 99 end end as integer)
            as actor_user_type_id,
        case when caller.upn like '%@%' then regexp_replace(caller.upn, '^[^#]*#', '') end as actor_user_email_addr,
        lower(nullif(caller.tenantId, '')) as actor_user_account_uid,
        token_hash as actor_user_credential_uid,
        nullif(caller.tokenIssuerId, '') as actor_session_issuer,
        case
            when actor_name is null and requester_uid is null then coalesce(event.identity.type, 'microsoft.storage')
        end as actor_app_name,
        -- network
        case when is_from_ip then caller_ip end as src_endpoint_ip,
        case when is_from_ip then caller_port end as src_endpoint_port,
        case when not coalesce(is_from_ip, false) then coalesce(nullif(caller_ip, ''), 'microsoft.storage') end as src_endpoint_svc_name,
        'microsoft.storage' as dst_endpoint_svc_name,
        lower(nullif(regexp_extract(request_uri, '^https?://([^/:?]+)', 1), '')) as dst_endpoint_hostname,
        try_cast(nullif(regexp_extract(request_uri, '^https?://[^/:?]+:([0-9]+)', 1), '') as integer) as dst_endpoint_port,
        -- api and cloud
        operation as api_operation,
        'microsoft.storage' as api_service_name,
        nullif(event.operationVersion, '') as api_version,
        nullif(event.correlationId, '') as api_request_uid,
        told_status as api_response_code,
        case when result = 2 then coalesce(nullif(event.statusText, ''), event.statusCode) end as api_response_error,
        'Azure' as cloud_provider,
        {{ azure_subscription('service_resource') }} as cloud_account_uid,
        nullif(event.location, '') as cloud_region,
        lower(nullif(caller.tenantId, '')) as cloud_org_uid,
        nullif(details.userAgentHeader, '') as http_user_agent,
        resource as resource_uid,
        coalesce(object_key, container, account) as resource_name,
        coalesce(lower(nullif(event.resourceType, '')), {{ azure_resource_type('service_resource') }}) as resource_type,
        {{ json_of({
            'authorization': 'event.identity.authorization', 'delegatedResource': 'event.identity.delegatedResource',
            'uri': 'event.uri', 'durationMs': 'event.durationMs', 'protocol': 'event.protocol',
            'properties': json_without('event.properties', [
                'accountName', 'objectKey', 'userAgentHeader', 'requestBodySize', 'responseBodySize',
            ]),
        }) }} as unmapped,
        -- class extras: the store. A container's name is its account's own
        case
            when to_class <> 6005 or service = 'table' then null
            else account || coalesce('/' || container, '')
        end as databucket_name,
        case when to_class = 6005 and coalesce(service, '') <> 'table' then object_key end as databucket_object,
        case when to_class = 6005 and service = 'table' then account || coalesce('/' || container, '') end as table_name,
        cast(case when to_class <> 6005 then null when service = 'table' then 3 else 2 end as integer) as datastore_type_id,
        case
            when to_class <> 6005 then null
            when to_activity in (2, 5, 6) then try_cast(details.requestBodySize as bigint)
            else try_cast(details.responseBodySize as bigint)
        end as bytes
    from named

)

select * from final
