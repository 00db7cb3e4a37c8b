{{ routes_to(['api_activity', 'authentication', 'user_access', 'base_event']) }}

{#
    Two shapes of one record: as diagnostic settings export it (identity, resultType, callerIpAddress) and as the REST
    API returns it (claims, status, httpRequest, values as {value, localizedValue}). Every field may be text or object:
    'string' takes both as text. https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema
#}
{% set event_fields = {
    'operationName': 'string', 'category': 'string', 'resourceId': 'string', 'correlationId': 'string', 'eventDataId': 'string',
    'resultType': 'string', 'resultSignature': 'string', 'resultDescription': 'string', 'status': 'string', 'subStatus': 'string',
    'level': 'string', 'location': 'string', 'callerIpAddress': 'string', 'caller': 'string', 'identity': 'string',
    'authorization': 'string', 'claims': 'string', 'httpRequest': 'string', 'properties': 'string', 'description': 'string',
    'tenantId': 'string', 'subscriptionId': 'string', 'operationVersion': 'string', 'eventName': 'string',
} %}
{% set authorization_fields = {
    'action': 'string', 'scope': 'string', 'role': 'string',
    'evidence': {'role': 'string', 'principalId': 'string', 'principalType': 'string', 'roleDefinitionId': 'string'},
} %}
{% set property_fields = {
    'statusCode': 'string', 'statusMessage': 'string', 'message': 'string', 'requestbody': 'string', 'requestBody': 'string',
    'responseBody': 'string', 'userPrincipalName': 'string', 'userId': 'string', 'appDisplayName': 'string', 'resourceDisplayName': 'string',
    'ipAddress': 'string', 'authenticationRequirement': 'string', 'id': 'string', 'status': {'errorCode': 'string', 'failureReason': 'string'},
    'mfaDetail': {'authMethod': 'string'},
} %}
{% set microsoft = 'http://schemas.microsoft.com/identity/claims/' %}
{% set xmlsoap = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/' %}

with

records as (

    select * from {{ new_rows(source('bronze', 'azure_activity')) }}

),

kinds as (

    select * from {{ ref('azure_activity') }}

),

roles as (

    select * from {{ ref('azure_builtin_roles') }}

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
        {{ value_of('event.operationName') }} as operation,
        {{ value_of('event.category') }} as category,
        coalesce(
            event.resultType,
            {{ value_of('event.status') }}
        ) as outcome,
        coalesce(
            event.resultSignature,
            nullif({{ value_of('event.subStatus') }}, '')
        ) as signature,
        lower(coalesce(event.level, {{ json_text('raw', 'Level') }})) as level,
        {{ parse_json(
            "coalesce(event.authorization, " ~ json_text('event.identity', 'authorization') ~ ")", authorization_fields
        ) }} as auth,
        coalesce(event.claims, {{ json_text('event.identity', 'claims') }}) as claims,
        {{ parse_json('event.properties', property_fields) }} as properties
    from parsed

),

read as (

    select
        opened.*,
        lower(operation) as operation_key,
        case
            when lower(category) in (
                'resourcehealth', 'servicehealth', 'alert', 'autoscale', 'recommendation', 'security', 'signinlogs',
                'noninteractiveusersigninlogs', 'serviceprincipalsigninlogs', 'managedidentitysigninlogs'
            ) then 'category:' || lower(category)
            else lower(operation)
        end as kind,
        -- who
        coalesce(
            {{ json_text('claims', xmlsoap ~ 'upn') }},
            properties.userPrincipalName,
            {{ json_text('claims', xmlsoap ~ 'name') }},
            event.caller,
            {{ json_text('claims', xmlsoap ~ 'spn') }},
            {{ json_text('claims', 'name') }},
            case when left(event.identity, 1) <> '{' then nullif(event.identity, '') end,
            {{ json_text('claims', 'appid') }}
        ) as actor_name,
        -- the evidence is of the grant that let the call in: where that is a group's, it is not who called
        coalesce(
            {{ json_text('claims', microsoft ~ 'objectidentifier') }},
            case when coalesce(lower(auth.evidence.principalType), '') <> 'group' then auth.evidence.principalId end, properties.userId
        ) as actor_uid,
        case when lower(auth.evidence.principalType) <> 'group' then auth.evidence.principalType end as evidence_type,
        {{ json_text('claims', 'appid') }} as app_uid,
        {{ json_text('claims', 'idtyp') }} as claimed_type,
        {{ json_text('claims', xmlsoap ~ 'upn') }} as upn,
        {{ json_text('claims', 'http://schemas.microsoft.com/claims/authnmethodsreferences') }} as methods,
        -- from where
        nullif(coalesce(
            event.callerIpAddress, {{ json_text('event.httpRequest', 'clientIpAddress') }}, {{ json_text('claims', 'ipaddr') }},
            properties.ipAddress
        ), '') as caller_ip,
        -- what it was done to
        lower(coalesce(event.resourceId, auth.scope)) as resource,
        -- which role was granted or revoked, to whom
        coalesce(properties.requestbody, properties.requestBody, properties.responseBody) as body
    from opened

),

granted as (

    select
        read.*,
        coalesce(
            {{ json_text('body', 'Properties', 'RoleDefinitionId') }}, {{ json_text('body', 'properties', 'roleDefinitionId') }},
            {{ json_text('body', 'Properties', 'roleDefinitionId') }}, {{ json_text('body', 'properties', 'RoleDefinitionId') }}
        ) as role_uid,
        coalesce(
            {{ json_text('body', 'Properties', 'PrincipalId') }}, {{ json_text('body', 'properties', 'principalId') }},
            {{ json_text('body', 'Properties', 'principalId') }}, {{ json_text('body', 'properties', 'PrincipalId') }}
        ) as grantee_uid,
        coalesce(
            {{ json_text('body', 'Properties', 'PrincipalType') }}, {{ json_text('body', 'properties', 'principalType') }}
        ) as grantee_type,
        -- what a request to Privileged Identity Management is for
        lower(coalesce(
            {{ json_text('body', 'Properties', 'RequestType') }}, {{ json_text('body', 'properties', 'requestType') }},
            {{ json_text('body', 'Properties', 'requestType') }}, {{ json_text('body', 'properties', 'RequestType') }}
        )) as request_type,
        lower(coalesce(signature, properties.statusCode)) as answer,
        {{ is_ip('caller_ip') }} as is_from_ip
    from read

),

matched as (

    select
        granted.*,
        kinds.class_uid as kind_class,
        kinds.activity_id as kind_activity,
        roles.role_name
    from granted
    left join kinds on granted.kind = kinds.kind
    left join roles on lower(regexp_extract(granted.role_uid, '([^/]+)$', 1)) = roles.role_id

),

classified as (

    select
        matched.*,
        case when operation is null then 0 else coalesce(kind_class, 6003) end as to_class,
        case
            when operation is null then 99
            -- a role is given back by a request, too
            when kind_class = 3005 and request_type in ('adminremove', 'selfdeactivate') then 2
            when kind_class is not null then kind_activity
            when operation_key like '%/write' and answer like '%created%' then 1
            when operation_key like '%/write' then 3
            when operation_key like '%/delete' then 4
            when operation_key like '%/read' then 2
            when regexp_extract(operation_key, '([^/]+)/action$', 1) like 'list%' then 2
            when regexp_extract(operation_key, '([^/]+)/action$', 1) like 'get%' then 2
            else 99
        end as to_activity,
        case
            when lower(outcome) in ('success', 'succeeded', '0') or properties.status.errorCode = '0' then 1
            when lower(outcome) in ('failure', 'failed', 'fail') or lower(outcome) like 'fail%' then 2
            when kind_class = 3002 and try_cast(outcome as bigint) > 0 then 2
            when outcome is null then 0
            else 99
        end as result,
        case
            when level in ('critical', '1') then 5
            when level in ('error', '2') then 4
            when level in ('warning', '3') then 3
            when level in ('informational', 'information', 'verbose', '4', '5') then 1
            else 0
        end as grade,
        nullif(regexp_extract(resource, '/subscriptions/([^/]+)', 1), '') as subscription,
        nullif(regexp_extract(operation_key, '^(.+?)/[^/]+(/action)?$', 1), '') as operation_type,
        case
            when operation_key = 'microsoft.authorization/elevateaccess/action' then 'User Access Administrator'
            else coalesce(
                role_name,
                nullif(regexp_extract(role_uid, '([^/]+)$', 1), ''),
                'assignment ' || nullif(regexp_extract(resource, '([^/]+)$', 1), '')
            )
        end as privilege
    from matched

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            'azure_activity', 'Activity Log', 'Microsoft',
            uid='coalesce(event.eventDataId, properties.id, event.correlationId)', code='operation',
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'operation') }},
        cast(grade as integer) as severity_id,
        case
            when grade = 5 then 'Critical'
            when grade = 4 then 'High'
            when grade = 3 then 'Medium'
            when grade = 1 then 'Informational'
            else 'Unknown'
        end as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' when 0 then 'Unknown' else outcome end as status,
        coalesce(signature, properties.statusCode, outcome) as status_code,
        coalesce(event.resultDescription, properties.statusMessage, properties.status.failureReason) as status_detail,
        cast(
            case
                when answer like '%forbidden%' or answer like '%unauthorized%' then 2
                when result = 1 then 1
            end as integer
        ) as action_id,
        coalesce(nullif(event.description, ''), properties.message) as message,
        -- actor
        actor_name as actor_user_name,
        actor_uid as actor_user_uid,
        app_uid as actor_user_uid_alt,
        coalesce(
            evidence_type,
            case
                when upn is not null or properties.userPrincipalName is not null or claimed_type = 'user' then 'User'
                when app_uid is not null then 'ServicePrincipal'
            end
        ) as actor_user_type,
        cast(
            case
                when upn is not null or properties.userPrincipalName is not null or evidence_type = 'User' then 1
                when app_uid is not null then 99
            end as integer
        ) as actor_user_type_id,
        case when coalesce(upn, actor_name) like '%@%' then coalesce(upn, actor_name) end as actor_user_email_addr,
        lower({{ json_text('claims', microsoft ~ 'tenantid') }}) as actor_user_account_uid,
        {{ json_text('claims', 'uti') }} as actor_session_uid,
        {{ json_text('claims', 'iss') }} as actor_session_issuer,
        case when methods like '%mfa%' then true when methods is not null then false end as actor_session_is_mfa,
        case
            when actor_name is null and actor_uid is null then coalesce(nullif(split_part(operation_key, '/', 1), ''), 'azure')
        end as actor_app_name,
        {{ json_text('claims', microsoft ~ 'identityprovider') }} as actor_idp_name,
        -- network
        case when is_from_ip then caller_ip end as src_endpoint_ip,
        case
            when is_from_ip then cast(null as varchar)
            else coalesce(caller_ip, nullif(split_part(operation_key, '/', 1), ''), 'azure')
        end as src_endpoint_svc_name,
        nullif(split_part(operation_key, '/', 1), '') as dst_endpoint_svc_name,
        -- api and cloud
        operation as api_operation,
        nullif(split_part(operation, '/', 1), '') as api_service_name,
        event.operationVersion as api_version,
        event.correlationId as api_request_uid,
        coalesce(properties.requestbody, properties.requestBody, event.httpRequest) as api_request_data,
        try_cast(coalesce(properties.statusCode, signature) as integer) as api_response_code,
        case when result = 2 then coalesce(signature, properties.statusCode, outcome) end as api_response_error,
        case when result = 2 then coalesce(properties.statusMessage, event.resultDescription) end as api_response_message,
        properties.responseBody as api_response_data,
        'Azure' as cloud_provider,
        coalesce(subscription, lower(event.subscriptionId)) as cloud_account_uid,
        event.location as cloud_region,
        lower(coalesce(event.tenantId, {{ json_text('claims', microsoft ~ 'tenantid') }})) as cloud_org_uid,
        resource as resource_uid,
        nullif(regexp_extract(resource, '([^/]+)/?$', 1), '') as resource_name,
        case when operation_key like 'microsoft.keyvault/vaults/secrets%' then 'secret' else operation_type end as resource_type,
        case
            when resource is not null then {{ list_of([struct_of({
                'uid': 'resource', 'name': "nullif(regexp_extract(resource, '([^/]+)/?$', 1), '')",
                'type': 'operation_type', 'account_uid': 'subscription',
            })]) }}
        end as resources,
        {{ json_without('raw', [
            'time', 'eventTimestamp', 'operationName', 'operationVersion', 'resourceId', 'correlationId', 'eventDataId', 'resultType',
            'resultSignature', 'resultDescription', 'status', 'subStatus', 'level', 'Level', 'location', 'callerIpAddress', 'caller',
            'description', 'tenantId', 'subscriptionId',
        ]) }} as unmapped,
        -- class extras: the user that the event is about
        case
            when to_class = 3002 then coalesce(properties.userPrincipalName, actor_name, 'unknown')
            when to_class = 3005 and operation_key like '%elevateaccess%' then coalesce(actor_name, 'unknown')
            when to_class = 3005 then coalesce(grantee_uid, 'unknown')
        end as user_name,
        case
            when to_class = 3002 then coalesce(properties.userId, actor_uid)
            when to_class = 3005 and operation_key like '%elevateaccess%' then actor_uid
            when to_class = 3005 then grantee_uid
        end as user_uid,
        case when to_class = 3002 then 'User' when to_class = 3005 then grantee_type end as user_type,
        case when to_class = 3002 and properties.userPrincipalName like '%@%' then properties.userPrincipalName end as user_email_addr,
        case
            when to_class in (3002, 3005) then lower(coalesce(event.tenantId, {{ json_text('claims', microsoft ~ 'tenantid') }}))
        end as user_account_uid,
        case when to_class = 3005 then {{ list_of(['privilege']) }} end as privileges,
        case when to_class = 3005 then role_uid end as policy_uid,
        case
            when to_class = 3005 and operation_key like '%elevateaccess%' then 'User Access Administrator'
            when to_class = 3005 then role_name
        end as policy_name,
        -- class extras: authentication
        case
            when to_class <> 3002 then null
            when properties.authenticationRequirement = 'multiFactorAuthentication' then true
            when properties.authenticationRequirement = 'singleFactorAuthentication' then false
        end as is_mfa,
        case when to_class = 3002 then properties.mfaDetail.authMethod end as mfa_factor,
        case when to_class = 3002 then coalesce(properties.resourceDisplayName, properties.appDisplayName, 'Azure') end as service_name
    from classified

)

select * from final
