{{ routes_to(['api_activity', 'base_event']) }}

{# https://learn.microsoft.com/azure/azure-monitor/reference/tables/microsoftgraphactivitylogs #}
{% set event_fields = {
    'category': 'string', 'operationName': 'string', 'callerIpAddress': 'string', 'correlationId': 'string', 'location': 'string',
    'resourceId': 'string', 'tenantId': 'string', 'resultSignature': 'string', 'properties': 'json',
} %}
{% set request_fields = {
    'requestId': 'string', 'requestMethod': 'string', 'requestUri': 'string', 'responseStatusCode': 'string', 'apiVersion': 'string',
    'ipAddress': 'string', 'location': 'string', 'tenantId': 'string', 'userAgent': 'string', 'userId': 'string',
    'servicePrincipalId': 'string', 'appId': 'string', 'sessionId': 'string', 'signInActivityId': 'string',
    'uniqueTokenId': 'string', 'identityProvider': 'string',
} %}
{# what stands in a path for the kind of a thing, not for one of them #}
{% set word = "'^[$]?(microsoft[.]graph[.])?[A-Za-z][A-Za-z0-9_]{0,39}([(].*[)])?$'" %}

with

records as (

    select * from {{ new_rows(source('bronze', 'azure_graph_activity')) }}

),

kinds as (

    select * from {{ ref('azure_graph_activity') }}

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
        {{ parse_json('event.properties', request_fields) }} as request
    from parsed

),

read as (

    select
        opened.*,
        upper(nullif(request.requestMethod, '')) as method,
        -- below the version; some clients write two slashes
        nullif(regexp_extract(request.requestUri, '^https?://[^/?]+/+[^/?]+(/[^?]*)', 1), '') as path,
        try_cast(coalesce(nullif(request.responseStatusCode, ''), event.resultSignature) as integer) as http_status,
        nullif(request.userId, '') as user_uid,
        nullif(request.servicePrincipalId, '') as principal_uid,
        nullif(request.appId, '') as app_uid,
        lower(coalesce(
            nullif(request.tenantId, ''), nullif(event.tenantId, ''),
            nullif(regexp_extract(lower(event.resourceId), '^/tenants/([^/]+)', 1), '')
        )) as tenant,
        coalesce(nullif(request.ipAddress, ''), nullif(event.callerIpAddress, '')) as caller_ip
    from opened

),

called as (

    select
        read.*,
        regexp_replace(path, '^/+', '/') as resource,
        method || ' ' || {{ joined_texts(list_map(
            "split(regexp_replace(path, '^/+', '/'), '/')",
            "case when item = '' or regexp_extract(item, " ~ word ~ ", 0) <> '' then regexp_replace(item, '[(].+[)]$', '({id})') else '{id}' end",
        ), '/') }} as template
    from read

),

matched as (

    select
        called.*,
        coalesce(called.template, called.method) as operation,
        {{ is_ip('called.caller_ip') }} as is_from_ip,
        coalesce(actions.class_uid, methods.class_uid) as kind_class,
        coalesce(actions.activity_id, methods.activity_id) as kind_activity
    from called
    left join kinds as methods on called.method = methods.kind
    -- what is done to a thing is the last word of its path
    left join kinds as actions
        on called.method || ' ' || lower(regexp_extract(called.path, '/(microsoft[.]graph[.])?([^/(]+)([(][^/]*)?/*$', 2)) = actions.kind

),

classified as (

    select
        matched.*,
        case when method is null then 0 else coalesce(kind_class, 6003) end as to_class,
        case when method is null then 99 else coalesce(kind_activity, 99) end as to_activity,
        case when http_status >= 400 then 2 when http_status >= 100 then 1 else 0 end as result
    from matched

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            'azure_graph_activity', 'Microsoft Graph', 'Microsoft', uid="nullif(request.requestId, '')",
            code='coalesce(operation, event.operationName, event.category)',
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'operation') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        cast(http_status as varchar) as status_code,
        cast(case when http_status in (401, 403) then 2 when result = 1 then 1 end as integer) as action_id,
        -- actor: the log names nobody, it has the ids of the directory
        case when user_uid is null then coalesce(app_uid, principal_uid) end as actor_user_name,
        coalesce(user_uid, principal_uid) as actor_user_uid,
        app_uid as actor_user_uid_alt,
        case
            when user_uid is not null then 'User'
            when coalesce(principal_uid, app_uid) is not null then 'ServicePrincipal'
        end as actor_user_type,
        cast(
            case when user_uid is not null then 1 when coalesce(principal_uid, app_uid) is not null then 99 end as integer
        ) as actor_user_type_id,
        tenant as actor_user_account_uid,
        nullif(request.uniqueTokenId, '') as actor_user_credential_uid,
        coalesce(nullif(request.sessionId, ''), nullif(request.signInActivityId, '')) as actor_session_uid,
        nullif(request.identityProvider, '') as actor_session_issuer,
        case when coalesce(user_uid, principal_uid, app_uid) is null then 'Microsoft Graph' end as actor_app_name,
        -- network
        case when is_from_ip then caller_ip end as src_endpoint_ip,
        case when not coalesce(is_from_ip, false) then coalesce(caller_ip, 'Microsoft Graph') end as src_endpoint_svc_name,
        'Microsoft Graph' as dst_endpoint_svc_name,
        lower(nullif(regexp_extract(request.requestUri, '^https?://([^/:?]+)', 1), '')) as dst_endpoint_hostname,
        -- api and cloud
        operation as api_operation,
        'Microsoft Graph' as api_service_name,
        nullif(request.apiVersion, '') as api_version,
        nullif(request.requestId, '') as api_request_uid,
        http_status as api_response_code,
        case when result = 2 then cast(http_status as varchar) end as api_response_error,
        'Azure' as cloud_provider,
        tenant as cloud_account_uid,
        lower(replace(coalesce(nullif(request.location, ''), nullif(event.location, '')), ' ', '')) as cloud_region,
        tenant as cloud_org_uid,
        nullif(request.userAgent, '') as http_user_agent,
        resource as resource_uid,
        nullif(regexp_extract(resource, '^/([^/(]+)', 1), '') as resource_type,
        {{ json_without('event.properties', [
            'requestId', 'requestMethod', 'responseStatusCode', 'apiVersion', 'ipAddress', 'location', 'tenantId', 'userAgent',
            'userId', 'servicePrincipalId', 'appId',
        ]) }} as unmapped
    from classified

)

select * from final
