{{ routes_to(['http_activity', 'base_event']) }}

{#
    https://learn.microsoft.com/azure/application-gateway/monitor-application-gateway-reference
    https://learn.microsoft.com/azure/web-application-firewall/ag/web-application-firewall-logs
#}
{% set event_fields = {
    'category': 'string', 'operationName': 'string', 'resourceId': 'string', 'listenerName': 'json', 'ruleName': 'json',
    'backendPoolName': 'json', 'backendSettingName': 'json', 'properties': 'json',
} %}
{% set request_fields = {
    'instanceId': 'string', 'clientIP': 'string', 'clientPort': 'string', 'httpMethod': 'string',
    'originalRequestUriWithArgs': 'string', 'requestUri': 'string', 'requestQuery': 'string', 'userAgent': 'string',
    'httpStatus': 'string', 'httpVersion': 'string', 'receivedBytes': 'string', 'sentBytes': 'string', 'timeTaken': 'string',
    'transactionId': 'string', 'sslEnabled': 'string', 'sslCipher': 'string', 'sslProtocol': 'string', 'serverRouted': 'string',
    'originalHost': 'string', 'host': 'string', 'hostname': 'string', 'error_info': 'string', 'ruleId': 'string', 'message': 'string',
    'action': 'string',
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'azure_app_gateway')) }}

),

kinds as (

    select * from {{ ref('azure_app_gateway') }}

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
        lower(nullif(event.resourceId, '')) as gateway
    from parsed

),

read as (

    select
        opened.*,
        upper(nullif(request.httpMethod, '')) as method,
        try_cast(request.httpStatus as integer) as http_status,
        coalesce(nullif(request.clientIP, ''), nullif({{ json_text('event.properties', 'clientIp') }}, '')) as client_ip,
        -- a port of 0 says that the firewall does not know it
        nullif(try_cast(request.clientPort as integer), 0) as client_port,
        coalesce(nullif(request.originalHost, ''), nullif(request.host, ''), nullif(request.hostname, '')) as authority,
        case request.sslEnabled when 'on' then 'https' when 'off' then 'http' end as scheme,
        coalesce(
            nullif(request.originalRequestUriWithArgs, ''),
            nullif(request.requestUri, '')
            -- version 1 writes facts of its own behind the query
            || coalesce('?' || nullif(regexp_replace(request.requestQuery, '(^|&)X-AzureApplicationGateway-.*$', ''), ''), '')
        ) as uri,
        -- of servers that were tried one after the other, the last
        nullif(regexp_extract(request.serverRouted, '([^, ]+)$', 1), '') as server,
        upper(nullif(request.action, '')) as verdict,
        try_cast(request.timeTaken as double) as taken
    from opened

),

kinded as (

    select
        read.*,
        {{ address_host('server') }} as server_host,
        case
            when category = 'applicationgatewayaccesslog' and coalesce(method, cast(http_status as varchar)) is not null then 'http'
            when category = 'applicationgatewayfirewalllog' and uri is not null then 'firewall'
        end as kind
    from read

),

classified as (

    select
        kinded.*,
        {{ is_ip('kinded.client_ip') }} as is_client_ip,
        {{ is_ip('kinded.server_host') }} as is_server_ip,
        coalesce(methods.class_uid, logs.class_uid, 0) as to_class,
        coalesce(methods.activity_id, logs.activity_id, 99) as to_activity,
        case
            when kinded.kind = 'http' and kinded.http_status >= 400 then 2
            when kinded.kind = 'http' and kinded.http_status >= 100 then 1
            when kinded.kind = 'firewall' and kinded.verdict in ('BLOCKED', 'BLOCK', 'DENY') then 2
            when kinded.kind = 'firewall' and kinded.verdict in ('ALLOWED', 'ALLOW') then 1
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
            'azure_app_gateway', 'Application Gateway', 'Microsoft',
            uid="case when kind = 'http' then nullif(request.transactionId, '') end",
            code='coalesce(event.operationName, event.category)', profiles=['cloud', 'datetime', 'security_control'],
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'coalesce(method, event.operationName)') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        coalesce(cast(http_status as varchar), nullif(request.action, '')) as status_code,
        coalesce(nullif(request.message, ''), nullif(nullif(request.error_info, ''), 'ERRORINFO_NO_ERROR')) as status_detail,
        -- a rule that matched only adds to the score by which another decides
        cast(case when kind = 'firewall' then case when result > 0 then result else 3 end end as integer) as action_id,
        cast(
            case when kind = 'firewall' then case result when 1 then 1 when 2 then 2 else 15 end end as integer
        ) as disposition_id,
        -- network: the client, and the server that its request was passed to
        case when is_client_ip then client_ip end as src_endpoint_ip,
        client_port as src_endpoint_port,
        case when not is_client_ip then client_ip end as src_endpoint_hostname,
        case when is_server_ip then server_host end as dst_endpoint_ip,
        {{ address_port('server') }} as dst_endpoint_port,
        case when not is_server_ip then server_host end as dst_endpoint_hostname,
        {{ azure_resource_name('gateway') }} as dst_endpoint_svc_name,
        -- api and cloud
        coalesce(
            nullif(request.transactionId, ''),
            nullif(regexp_extract(request.requestQuery, 'X-AzureApplicationGateway-LOG-ID=([^&]+)', 1), '')
        ) as api_request_uid,
        'Azure' as cloud_provider,
        {{ azure_subscription('gateway') }} as cloud_account_uid,
        nullif(nullif(request.userAgent, ''), '-') as http_user_agent,
        gateway as resource_uid,
        {{ azure_resource_name('gateway') }} as resource_name,
        {{ azure_resource_type('gateway') }} as resource_type,
        {{ json_of({
            'listenerName': 'event.listenerName', 'ruleName': 'event.ruleName', 'backendPoolName': 'event.backendPoolName',
            'backendSettingName': 'event.backendSettingName',
            'properties': json_without('event.properties', [
                'clientIP', 'clientIp', 'clientPort', 'httpMethod', 'userAgent', 'httpStatus', 'httpVersion', 'receivedBytes', 'sentBytes',
                'timeTaken', 'transactionId', 'sslCipher', 'sslProtocol', 'ruleId', 'message', 'action',
            ]),
        }) }} as unmapped,
        -- class extras: the request
        method as http_method,
        coalesce(scheme || '://' || authority, '') || uri as url_string,
        scheme as url_scheme,
        nullif(regexp_replace(authority, ':[0-9]*$', ''), '') as url_hostname,
        try_cast(nullif(regexp_extract(authority, ':([0-9]+)$', 1), '') as integer) as url_port,
        nullif(regexp_extract(uri, '^([^?#]*)', 1), '') as url_path,
        nullif(regexp_extract(uri, '[?]([^#]*)', 1), '') as url_query,
        nullif(regexp_replace(request.httpVersion, '^HTTP/', ''), '') as http_version,
        http_status,
        try_cast(request.receivedBytes as bigint) as http_request_length,
        try_cast(request.sentBytes as bigint) as http_response_length,
        nullif(request.sslProtocol, '') as tls_version,
        nullif(request.sslCipher, '') as tls_cipher,
        -- version 1 counts milliseconds, version 2 seconds
        try_cast(
            round(case when request.instanceId like 'ApplicationGatewayRole%' then taken else taken * 1000 end) as bigint
        ) as duration_ms,
        nullif(request.ruleId, '') as firewall_rule_uid
    from classified

)

select * from final
