{{ routes_to(['http_activity', 'base_event']) }}

{#
    https://learn.microsoft.com/azure/frontdoor/monitor-front-door-reference
    https://learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-monitor
#}
{% set event_fields = {
    'category': 'string', 'operationName': 'string', 'resourceId': 'string', 'properties': 'json',
} %}
{% set request_fields = {
    'trackingReference': 'string', 'httpMethod': 'string', 'httpVersion': 'string', 'requestUri': 'string', 'requestBytes': 'string',
    'responseBytes': 'string', 'userAgent': 'string', 'clientIp': 'string', 'socketIp': 'string', 'clientPort': 'string', 'timeTaken': 'string', 'securityProtocol': 'string', 'securityCipher': 'string',
    'httpStatusCode': 'string', 'errorInfo': 'string', 'endpoint': 'string', 'originIp': 'string',
    'originName': 'string', 'hostName': 'string', 'host': 'string', 'ruleName': 'string', 'action': 'string',
    'details': {'msg': 'string'},
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'azure_front_door')) }}

),

kinds as (

    select * from {{ ref('azure_front_door') }}

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
        {{ parse_json('event.properties', request_fields) }} as request,
        lower(event.category) as category,
        lower(nullif(event.resourceId, '')) as profile
    from parsed

),

read as (

    select
        opened.*,
        upper(nullif(request.httpMethod, '')) as method,
        try_cast(request.httpStatusCode as integer) as http_status,
        -- who asked, by the header of a proxy before; or else who connected
        coalesce(
            nullif(request.clientIp, ''), nullif({{ json_text('event.properties', 'clientIP') }}, ''), nullif(request.socketIp, ''),
            nullif({{ json_text('event.properties', 'socketIP') }}, '')
        ) as client_ip,
        coalesce(request.errorInfo, {{ json_text('event.properties', 'ErrorInfo') }}) as error,
        nullif(request.requestUri, '') as url,
        nullif(nullif(request.originIp, ''), 'N/A') as origin,
        -- a policy that only detects keeps nothing out, whatever its rule would do
        case
            when
                lower({{ json_text('event.properties', 'policyMode') }}) = 'detection'
                and upper(request.action) in ('BLOCK', 'JSCHALLENGE', 'CAPTCHA', 'REDIRECT')
                then 'DETECTED'
            else upper(nullif(request.action, ''))
        end as verdict
    from opened

),

kinded as (

    select
        read.*,
        {{ address_host('origin') }} as origin_ip,
        case
            when category = 'frontdooraccesslog' and coalesce(method, cast(http_status as varchar)) is not null then 'http'
            when category = 'frontdoorwebapplicationfirewalllog' and url is not null then 'firewall'
        end as kind
    from read

),

classified as (

    select
        kinded.*,
        {{ is_ip('kinded.client_ip') }} as is_client_ip,
        coalesce(methods.class_uid, logs.class_uid, 0) as to_class,
        coalesce(methods.activity_id, logs.activity_id, 99) as to_activity,
        case
            when kinded.kind = 'http' and kinded.http_status >= 400 then 2
            when kinded.kind = 'http' and kinded.http_status >= 100 then 1
            when kinded.kind = 'firewall' and kinded.verdict in ('BLOCK', 'JSCHALLENGE', 'CAPTCHA', 'REDIRECT') then 2
            when kinded.kind = 'firewall' and kinded.verdict = 'ALLOW' then 1
            else 0
        end as result
    from kinded
    left join kinds as logs on kinded.kind = logs.kind
    left join kinds as methods on kinded.kind = 'http' and kinded.method = methods.kind

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            'azure_front_door', 'Front Door', 'Microsoft', uid="case when kind = 'http' then nullif(request.trackingReference, '') end",
            code='coalesce(event.operationName, event.category)', profiles=['cloud', 'datetime', 'security_control'],
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'coalesce(method, event.operationName)') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        coalesce(cast(http_status as varchar), nullif(request.action, '')) as status_code,
        coalesce(
            nullif(request.details.msg, ''), nullif(nullif(error, ''), 'NoError')
        ) as status_detail,
        -- a rule that logs or adds to a score decides nothing; a puzzle that nobody has solved yet keeps the request out
        cast(case when kind = 'firewall' then case when result > 0 then result else 3 end end as integer) as action_id,
        cast(
            case
                when coalesce(kind, '') <> 'firewall' then null
                else case verdict
                    when 'ALLOW' then 1 when 'BLOCK' then 2 when 'LOG' then 17 when 'REDIRECT' then 7 when 'CAPTCHA' then 22
                    when 'JSCHALLENGE' then 23 else 15
                end
            end as integer
        ) as disposition_id,
        -- network: the client, and the origin that its request was passed to
        case when is_client_ip then client_ip end as src_endpoint_ip,
        try_cast(request.clientPort as integer) as src_endpoint_port,
        case when not is_client_ip then client_ip end as src_endpoint_hostname,
        case when {{ is_ip('origin_ip') }} then origin_ip end as dst_endpoint_ip,
        {{ address_port('origin') }} as dst_endpoint_port,
        nullif(nullif(request.originName, ''), 'N/A') as dst_endpoint_hostname,
        coalesce(nullif(request.endpoint, ''), {{ azure_resource_name('profile') }}) as dst_endpoint_svc_name,
        -- api and cloud
        nullif(request.trackingReference, '') as api_request_uid,
        'Azure' as cloud_provider,
        {{ azure_subscription('profile') }} as cloud_account_uid,
        nullif(request.userAgent, '') as http_user_agent,
        profile as resource_uid,
        {{ azure_resource_name('profile') }} as resource_name,
        {{ azure_resource_type('profile') }} as resource_type,
        {{ json_of({
            'properties': json_without('event.properties', [
                'trackingReference', 'httpMethod', 'httpVersion', 'requestUri', 'requestBytes', 'responseBytes', 'userAgent', 'clientIp',
                'clientIP', 'clientPort', 'timeTaken', 'securityProtocol', 'securityCipher', 'httpStatusCode', 'endpoint', 'originIp',
                'originName', 'ruleName', 'action',
            ]),
        }) }} as unmapped,
        -- class extras: the request
        method as http_method,
        {{ url_columns('url') }},
        -- four numbers: 1.1.0.0
        nullif(regexp_extract(request.httpVersion, '^([0-9]+[.][0-9]+)', 1), '') as http_version,
        http_status,
        try_cast(request.requestBytes as bigint) as http_request_length,
        try_cast(request.responseBytes as bigint) as http_response_length,
        nullif(request.securityProtocol, '') as tls_version,
        nullif(request.securityCipher, '') as tls_cipher,
        try_cast(round(try_cast(request.timeTaken as double) * 1000) as bigint) as duration_ms,
        nullif(request.ruleName, '') as firewall_rule_uid
    from classified

)

select * from final
