{{ routes_to(['api_activity', 'base_event']) }}

{# https://learn.microsoft.com/azure/key-vault/general/howto-logging#interpret-your-key-vault-logs #}
{% set event_fields = {
    'operationName': 'string', 'operationVersion': 'string', 'category': 'string', 'resultSignature': 'string',
    'resultDescription': 'string', 'callerIpAddress': 'string', 'correlationId': 'string', 'resourceId': 'string',
    'tenantId': 'string', 'location': 'string', 'durationMs': 'json', 'identity': 'json', 'properties': 'json',
} %}
{% set request_fields = {'id': 'string', 'requestUri': 'string', 'httpStatusCode': 'string', 'clientInfo': 'string'} %}
{% set claim_fields = {
    'oid': 'string', 'upn': 'string', 'unique_name': 'string', 'name': 'string', 'appid': 'string', 'tid': 'string',
    'uti': 'string', 'iss': 'string', 'amr': 'string', 'idp': 'string', 'xms_mirid': 'string',
} %}
{% set microsoft = 'http://schemas.microsoft.com/identity/claims/' %}
{% set xmlsoap = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/' %}

with

records as (

    select * from {{ new_rows(source('bronze', 'azure_keyvault')) }}

),

kinds as (

    select * from {{ ref('azure_keyvault') }}

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
        nullif(event.operationName, '') as operation,
        lower(nullif(event.resourceId, '')) as vault,
        {{ parse_json('event.properties', request_fields) }} as request,
        {{ json_text('event.identity', 'claim') }} as claims,
        {{ parse_json(json_text('event.identity', 'claim'), claim_fields) }} as claim,
        nullif(event.callerIpAddress, '') as caller_ip,
        lower(event.resultSignature) as signature
    from parsed

),

read as (

    select
        opened.*,
        -- the vault's own tokens have short claims, those of the resource manager long ones
        coalesce(nullif(claim.upn, ''), nullif({{ json_text('claims', xmlsoap ~ 'upn') }}, ''), nullif(claim.unique_name, '')) as upn,
        coalesce(nullif({{ json_text('claims', xmlsoap ~ 'name') }}, ''), nullif(claim.name, '')) as full_name,
        coalesce(nullif(claim.oid, ''), nullif({{ json_text('claims', microsoft ~ 'objectidentifier') }}, '')) as object_uid,
        nullif(claim.appid, '') as app_uid,
        lower(coalesce(
            nullif(event.tenantId, ''), nullif(claim.tid, ''), nullif({{ json_text('claims', microsoft ~ 'tenantid') }}, '')
        )) as tenant,
        try_cast(request.httpStatusCode as integer) as http_status,
        case
            when operation like 'Secret%' then 'secret'
            when operation like 'Key%' then 'key'
            when operation like 'Certificate%' then 'certificate'
        end as object_type,
        -- https://<vault>/secrets/<name>/<version>; what was deleted is below deletedsecrets until it is purged
        nullif(regexp_extract(
            coalesce(nullif(request.id, ''), request.requestUri), '^https?://[^/]+/(deleted)?(secrets|keys|certificates)/([^/?]+)', 3
        ), '') as object_name,
        {{ is_ip('caller_ip') }} as is_from_ip,
        -- a caller without a token
        coalesce(claims, '{}') = '{}' and caller_ip is not null as is_anonymous
    from opened

),

matched as (

    select
        read.*,
        kinds.class_uid as kind_class,
        kinds.activity_id as kind_activity
    from read
    left join kinds on read.operation = kinds.operation

),

classified as (

    select
        matched.*,
        case when operation is null then 0 else coalesce(kind_class, 6003) end as to_class,
        case when operation is null then 99 else coalesce(kind_activity, 99) end as to_activity,
        -- resultType says Success of what was refused, too
        case
            when http_status >= 400 or signature in ('forbidden', 'unauthorized') then 2
            when http_status >= 200 then 1
            else 0
        end as result,
        vault || case when object_name is not null then '/' || object_type || 's/' || object_name else '' end as resource,
        coalesce(object_type, {{ azure_resource_type('vault') }}) as kind_of_resource
    from matched

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            'azure_keyvault', 'Key Vault', 'Microsoft', uid="nullif(event.correlationId, '')", code='coalesce(operation, event.category)',
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'operation') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        coalesce(nullif(event.resultSignature, ''), request.httpStatusCode) as status_code,
        nullif(event.resultDescription, '') as status_detail,
        cast(
            case when http_status in (401, 403) or signature in ('forbidden', 'unauthorized') then 2 when result = 1 then 1 end as integer
        ) as action_id,
        -- actor
        coalesce(upn, full_name, app_uid, case when is_anonymous then 'anonymous' end) as actor_user_name,
        object_uid as actor_user_uid,
        app_uid as actor_user_uid_alt,
        case
            when upn is not null then 'User'
            when app_uid is not null then 'ServicePrincipal'
            when is_anonymous then 'Anonymous'
        end as actor_user_type,
        cast(
            case when upn is not null then 1 when app_uid is not null then 99 when is_anonymous then 0 end as integer
        ) as actor_user_type_id,
        -- a guest's name leads with where the guest signs in: live.com#alice@example.com
        case when upn like '%@%' then regexp_replace(upn, '^[^#]*#', '') end as actor_user_email_addr,
        tenant as actor_user_account_uid,
        nullif(claim.uti, '') as actor_session_uid,
        nullif(claim.iss, '') as actor_session_issuer,
        case when claim.amr like '%mfa%' then true when claim.amr is not null then false end as actor_session_is_mfa,
        case
            when coalesce(upn, full_name, app_uid, object_uid) is null and not is_anonymous then 'microsoft.keyvault'
        end as actor_app_name,
        nullif(claim.idp, '') as actor_idp_name,
        -- network
        case when is_from_ip then caller_ip end as src_endpoint_ip,
        case when not coalesce(is_from_ip, false) then coalesce(caller_ip, 'microsoft.keyvault') end as src_endpoint_svc_name,
        -- the workload behind a managed identity
        lower(nullif(claim.xms_mirid, '')) as src_endpoint_instance_uid,
        'microsoft.keyvault' as dst_endpoint_svc_name,
        lower(nullif(regexp_extract(request.requestUri, '^https?://([^/:?]+)', 1), '')) as dst_endpoint_hostname,
        -- api and cloud
        operation as api_operation,
        'microsoft.keyvault' as api_service_name,
        nullif(event.operationVersion, '') as api_version,
        nullif(event.correlationId, '') as api_request_uid,
        http_status as api_response_code,
        case when result = 2 then coalesce(nullif(event.resultSignature, ''), request.httpStatusCode) end as api_response_error,
        case when result = 2 then nullif(event.resultDescription, '') end as api_response_message,
        'Azure' as cloud_provider,
        {{ azure_subscription('vault') }} as cloud_account_uid,
        nullif(event.location, '') as cloud_region,
        tenant as cloud_org_uid,
        nullif(request.clientInfo, '') as http_user_agent,
        resource as resource_uid,
        coalesce(object_name, {{ azure_resource_name('vault') }}) as resource_name,
        case when vault is not null then kind_of_resource end as resource_type,
        case
            when vault is not null then {{ list_of([struct_of({
                'uid': 'resource', 'name': 'coalesce(object_name, ' ~ azure_resource_name('vault') ~ ')',
                'type': 'kind_of_resource', 'account_uid': azure_subscription('vault'),
            })]) }}
        end as resources,
        {{ json_of({
            'durationMs': 'event.durationMs', 'identity': 'event.identity',
            'properties': json_without('event.properties', ['httpStatusCode', 'clientInfo']),
        }) }} as unmapped
    from classified

)

select * from final
