{{ routes_to(['authentication', 'base_event']) }}

{#
    Two shapes of one record: Graph's signIn, and the same as `properties` of what diagnostic settings export.
    https://learn.microsoft.com/graph/api/resources/signin, https://learn.microsoft.com/azure/azure-monitor/reference/tables/signinlogs
#}
{% set event_fields = {
    'category': 'string', 'operationName': 'string', 'resultType': 'string', 'resultDescription': 'string',
    'callerIpAddress': 'string', 'tenantId': 'string', 'properties': 'string',
} %}
{% set detail_fields = {
    'id': 'string', 'createdDateTime': 'string', 'signInEventTypes': ['string'], 'isInteractive': 'string', 'correlationId': 'string',
    'userDisplayName': 'string', 'userPrincipalName': 'string', 'userId': 'string', 'appId': 'string', 'appDisplayName': 'string',
    'servicePrincipalId': 'string', 'servicePrincipalName': 'string', 'servicePrincipalCredentialKeyId': 'string',
    'ipAddress': 'string', 'userAgent': 'string', 'autonomousSystemNumber': 'string', 'location': {'countryOrRegion': 'string'},
    'deviceDetail': {'deviceId': 'string', 'displayName': 'string'}, 'sessionId': 'string',
    'resourceId': 'string', 'resourceDisplayName': 'string', 'resourceTenantId': 'string', 'tenantId': 'string', 'homeTenantId': 'string',
    'status': {'errorCode': 'string', 'failureReason': 'string', 'additionalDetails': 'string'},
    'authenticationRequirement': 'string', 'authenticationProtocol': 'string', 'mfaDetail': {'authMethod': 'string'},
    'authenticationDetails': [{'authenticationMethod': 'string', 'authenticationStepRequirement': 'string'}],
    'conditionalAccessStatus': 'string', 'riskState': 'string', 'riskLevelDuringSignIn': 'string',
} %}
{# What stands in columns of its own; the rest of a sign-in, such as its policies, risk and place, is `unmapped`. #}
{% set mapped = [
    'id', 'createdDateTime', 'correlationId', 'userPrincipalName', 'userId', 'servicePrincipalId', 'servicePrincipalName',
    'servicePrincipalCredentialKeyId', 'ipAddress', 'userAgent', 'autonomousSystemNumber', 'sessionId', 'resourceId',
    'resourceDisplayName', 'status', 'authenticationRequirement', 'authenticationProtocol', 'mfaDetail',
] %}

with

records as (

    select * from {{ new_rows(source('bronze', 'entra_signin')) }}

),

kinds as (

    select * from {{ ref('entra_signin') }}

),

errors as (

    select * from {{ ref('entra_sign_in_errors') }}

),

parsed as (

    select
        records.*,
        {{ parse_json('raw', event_fields) }} as event
    from records

),

unwrapped as (

    select
        parsed.*,
        coalesce(event.properties, raw) as details_text,
        {{ parse_json('coalesce(event.properties, raw)', detail_fields) }} as details
    from parsed

),

opened as (

    select
        unwrapped.*,
        case
            when event.category is not null then event.category
            when {{ list_length(list_where('details.signInEventTypes', "item = 'interactiveUser'")) }} > 0 then 'SignInLogs'
            when {{ list_length(list_where('details.signInEventTypes', "item = 'nonInteractiveUser'")) }} > 0
                then 'NonInteractiveUserSignInLogs'
            when {{ list_length(list_where('details.signInEventTypes', "item = 'servicePrincipal'")) }} > 0
                then 'ServicePrincipalSignInLogs'
            when {{ list_length(list_where('details.signInEventTypes', "item = 'managedIdentity'")) }} > 0
                then 'ManagedIdentitySignInLogs'
            -- Graph's v1.0 tells no types: it lists interactive sign-ins alone
            when details.status.errorCode is not null then 'SignInLogs'
        end as kind,
        nullif(details.userPrincipalName, '') as user_principal,
        nullif(details.userId, '') as user_object,
        nullif(details.servicePrincipalId, '') as service_principal,
        try_cast(coalesce(details.status.errorCode, event.resultType) as bigint) as code,
        coalesce(nullif(details.ipAddress, ''), nullif(event.callerIpAddress, '')) as caller_ip,
        lower(coalesce(
            nullif(event.tenantId, ''), nullif(details.resourceTenantId, ''), nullif(details.tenantId, ''), nullif(details.homeTenantId, '')
        )) as tenant,
        coalesce(
            nullif(details.mfaDetail.authMethod, ''),
            {{ list_item(
                list_where('details.authenticationDetails', "lower(item.authenticationStepRequirement) like 'multi%factor%'"), 1
            ) }}.authenticationMethod
        ) as second_factor
    from unwrapped

),

matched as (

    select
        opened.*,
        kinds.class_uid as kind_class,
        kinds.activity_id as kind_activity,
        errors.outcome,
        errors.reason,
        opened.user_principal is not null or opened.user_object is not null as is_user,
        {{ is_ip('caller_ip') }} as is_from_ip
    from opened
    left join kinds on lower(opened.kind) = kinds.kind
    left join errors on opened.code = errors.error_code

),

classified as (

    select
        matched.*,
        coalesce(kind_class, 0) as to_class,
        -- an interrupt asks for something more: the sign-in is neither done nor refused for good
        case when kind_class is null then 99 when outcome = 'interrupt' then 6 else kind_activity end as to_activity,
        case when code = 0 then 1 when code is not null then 2 else 0 end as result,
        case
            when coalesce(details.riskState, '') not in ('atRisk', 'confirmedCompromised') then 1
            when details.riskLevelDuringSignIn = 'high' then 4
            when details.riskLevelDuringSignIn = 'medium' then 3
            when details.riskLevelDuringSignIn = 'low' then 2
            else 1
        end as grade,
        coalesce(user_principal, nullif(details.servicePrincipalName, ''), nullif(details.appDisplayName, '')) as actor_name,
        case when is_user then user_object else coalesce(service_principal, nullif(details.appId, '')) end as actor_uid,
        case
            when is_user then 'User'
            when lower(kind) = 'managedidentitysigninlogs' then 'ManagedIdentity'
            when service_principal is not null or details.appId is not null then 'ServicePrincipal'
        end as actor_type
    from matched

),

final as (

    select
        -- identity, lineage and time: the export and Graph write one sign-in in different bytes, and its risk may change later
        {{ ocsf_identity_columns(
            'entra_signin', 'Sign-in logs', 'Microsoft', uid='details.id', code='coalesce(kind, event.operationName)',
            text='case when details.id is null then raw else '
            ~ entity_key(['details.id', 'code', 'actor_uid', 'details.appId', 'details.resourceId', 'caller_ip']) ~ ' end',
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'coalesce(event.operationName, kind)') }},
        cast(grade as integer) as severity_id,
        case grade when 4 then 'High' when 3 then 'Medium' when 2 then 'Low' else 'Informational' end as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        cast(code as string) as status_code,
        case
            when code = 0 then nullif(details.status.additionalDetails, '')
            else coalesce(nullif(details.status.failureReason, ''), nullif(event.resultDescription, ''), reason)
        end as status_detail,
        cast(case when result = 1 then 1 when result = 2 and to_activity <> 6 then 2 end as integer) as action_id,
        cast(case when details.conditionalAccessStatus = 'failure' then 2 when result = 1 then 1 end as integer) as disposition_id,
        -- actor
        actor_name as actor_user_name,
        actor_uid as actor_user_uid,
        case when not is_user then nullif(details.appId, '') end as actor_user_uid_alt,
        actor_type as actor_user_type,
        cast(case when is_user then 1 when actor_type is not null then 99 end as integer) as actor_user_type_id,
        case when user_principal like '%@%' then user_principal end as actor_user_email_addr,
        tenant as actor_user_account_uid,
        nullif(details.servicePrincipalCredentialKeyId, '') as actor_user_credential_uid,
        nullif(details.sessionId, '') as actor_session_uid,
        coalesce(nullif(details.appDisplayName, ''), case when actor_name is null and actor_uid is null then 'Microsoft Entra ID' end)
            as actor_app_name,
        'Microsoft Entra ID' as actor_idp_name,
        -- network and device
        case when is_from_ip then caller_ip end as src_endpoint_ip,
        nullif(details.deviceDetail.displayName, '') as src_endpoint_hostname,
        case when not coalesce(is_from_ip, false) then 'Azure' end as src_endpoint_svc_name,
        nullif(details.deviceDetail.deviceId, '') as src_endpoint_instance_uid,
        nullif(details.location.countryOrRegion, '') as src_endpoint_country,
        nullif(try_cast(details.autonomousSystemNumber as bigint), 0) as src_endpoint_asn,
        'Microsoft Entra ID' as dst_endpoint_svc_name,
        -- api and cloud
        coalesce(event.operationName, 'Sign-in activity') as api_operation,
        'Microsoft Entra ID' as api_service_name,
        nullif(details.correlationId, '') as api_request_uid,
        case when result = 2 then cast(code as string) end as api_response_error,
        'Azure' as cloud_provider,
        tenant as cloud_account_uid,
        tenant as cloud_org_uid,
        nullif(details.userAgent, '') as http_user_agent,
        nullif(details.resourceId, '') as resource_uid,
        nullif(details.resourceDisplayName, '') as resource_name,
        case when coalesce(details.resourceId, '') <> '' then 'application' end as resource_type,
        case
            when coalesce(details.resourceId, '') <> ''
                then {{ list_of([struct_of({
                    'uid': 'details.resourceId', 'name': "nullif(details.resourceDisplayName, '')", 'type': "'application'",
                    'account_uid': "nullif(details.resourceTenantId, '')",
                })]) }}
        end as resources,
        {{ json_without('details_text', mapped) }} as unmapped,
        -- class extras: who signs in
        case when to_class = 3002 then coalesce(actor_name, actor_uid, 'unknown') end as user_name,
        case when to_class = 3002 then actor_uid end as user_uid,
        case when to_class = 3002 then actor_type end as user_type,
        case when to_class = 3002 and user_principal like '%@%' then user_principal end as user_email_addr,
        case when to_class = 3002 then tenant end as user_account_uid,
        -- class extras: authentication
        case
            when to_class <> 3002 then null
            when second_factor is not null or details.authenticationRequirement = 'multiFactorAuthentication' then true
            when lower(details.status.additionalDetails) like 'mfa requirement satisfied%' then true
            when details.authenticationRequirement = 'singleFactorAuthentication' then false
        end as is_mfa,
        case when to_class = 3002 then second_factor end as mfa_factor,
        cast(
            case
                when to_class <> 3002 then null
                when details.authenticationProtocol in ('oAuth2', 'ropc', 'deviceCode') then 6
                when details.authenticationProtocol = 'saml20' then 5
                when details.authenticationProtocol = 'wsFederation' then 99
            end as integer
        ) as auth_protocol_id,
        cast(case when to_class = 3002 and details.isInteractive = 'true' then 2 end as integer) as logon_type_id,
        case when to_class = 3002 then coalesce(nullif(details.resourceDisplayName, ''), nullif(details.appDisplayName, ''), 'Azure') end
            as service_name
    from classified

)

select * from final
