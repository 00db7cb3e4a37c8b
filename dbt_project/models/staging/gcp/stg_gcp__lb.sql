{{ routes_to(['http_activity', 'base_event']) }}

{# https://cloud.google.com/load-balancing/docs/https/https-logging-monitoring, https://cloud.google.com/armor/docs/request-logging #}
{% set policy_fields = {'name': 'string', 'priority': 'string', 'outcome': 'string', 'configuredAction': 'string'} %}
{% set entry_fields = {
    'insertId': 'string', 'logName': 'string', 'receiveTimestamp': 'json', 'trace': 'string', 'labels': 'json',
    'resource': {'type': 'string', 'labels': 'json'},
    'httpRequest': {
        'requestMethod': 'string', 'requestUrl': 'string', 'requestSize': 'string', 'status': 'string', 'responseSize': 'string',
        'userAgent': 'string', 'remoteIp': 'string', 'serverIp': 'string', 'latency': 'string', 'protocol': 'string',
    },
    'jsonPayload': {
        'statusDetails': 'string', 'proxyStatus': 'string', 'remoteIp': 'string',
        'enforcedSecurityPolicy': policy_fields, 'enforcedEdgeSecurityPolicy': policy_fields,
        'securityPolicyRequestData': {'remoteIpInfo': {'regionCode': 'string', 'asn': 'string'}},
        'tls': {'protocol': 'string', 'cipher': 'string'},
    },
} %}
{% set label_fields = {
    'project_id': 'string', 'zone': 'string', 'region': 'string', 'url_map_name': 'string', 'backend_service_name': 'string',
    'backend_target_name': 'string',
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'gcp_lb')) }}

),

kinds as (

    select * from {{ ref('gcp_lb') }}

),

parsed as (

    select
        records.*,
        {{ parse_json('raw', entry_fields) }} as entry
    from records

),

opened as (

    select
        parsed.*,
        entry.httpRequest as request,
        entry.jsonPayload as told,
        {{ parse_json('entry.resource.labels', label_fields) }} as label,
        coalesce(nullif(entry.httpRequest.remoteIp, ''), nullif(entry.jsonPayload.remoteIp, '')) as client,
        nullif(entry.httpRequest.serverIp, '') as server,
        upper(nullif(entry.httpRequest.requestMethod, '')) as method,
        nullif(entry.httpRequest.requestUrl, '') as url,
        -- 0 says that the client was gone before there was an answer
        nullif(try_cast(entry.httpRequest.status as integer), 0) as http_status,
        -- the edge's policy is asked before the backend's
        case
            when entry.jsonPayload.enforcedEdgeSecurityPolicy.outcome = 'DENY' or entry.jsonPayload.enforcedSecurityPolicy is null
                then entry.jsonPayload.enforcedEdgeSecurityPolicy
            else entry.jsonPayload.enforcedSecurityPolicy
        end as policy
    from parsed

),

addressed as (

    select
        opened.*,
        -- an address stands alone or before a port, one of version 6 in brackets then
        coalesce(
            nullif(regexp_extract(client, '^([0-9.]+):[0-9]+$', 1), ''),
            nullif(regexp_extract(client, '^[[]([^]]+)[]]', 1), ''),
            client
        ) as client_ip,
        try_cast(nullif(regexp_extract(client, '^([0-9.]+|[[][^]]+[]]):([0-9]+)$', 2), '') as integer) as client_port,
        coalesce(
            nullif(regexp_extract(server, '^([0-9.]+):[0-9]+$', 1), ''),
            nullif(regexp_extract(server, '^[[]([^]]+)[]]', 1), ''),
            server
        ) as server_ip,
        try_cast(nullif(regexp_extract(server, '^([0-9.]+|[[][^]]+[]]):([0-9]+)$', 2), '') as integer) as server_port,
        nullif(regexp_extract(url, '^[A-Za-z]+://([^/?#]*)', 1), '') as authority,
        -- with neither of the two it lacks what its class requires
        case when coalesce(method, cast(http_status as varchar)) is not null then 'http' end as kind,
        case
            when policy.outcome is null then 0
            -- who is sent to a puzzle or elsewhere has not come in
            when policy.outcome = 'DENY' or told.statusDetails = 'redirected_by_security_policy' then 2
            when policy.outcome = 'ACCEPT' then 1
            else 0
        end as verdict
    from opened

),

classified as (

    select
        addressed.*,
        coalesce(methods.class_uid, requests.class_uid, 0) as to_class,
        coalesce(methods.activity_id, requests.activity_id, 99) as to_activity,
        case
            when addressed.http_status >= 400 or addressed.verdict = 2 then 2
            when addressed.http_status >= 100 then 1
            else 0
        end as result
    from addressed
    left join kinds as requests on addressed.kind = requests.kind
    left join kinds as methods on addressed.method = methods.kind

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            'gcp_lb', 'Cloud Load Balancing', 'Google', uid='entry.insertId', code="nullif(entry.resource.type, '')",
            profiles=['cloud', 'datetime', 'security_control'],
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'method') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        nullif(request.status, '') as status_code,
        coalesce(nullif(told.statusDetails, ''), nullif(told.proxyStatus, '')) as status_detail,
        cast(nullif(verdict, 0) as integer) as action_id,
        cast(
            case when verdict = 2 and policy.configuredAction = 'GOOGLE_RECAPTCHA' then 22 else nullif(verdict, 0) end as integer
        ) as disposition_id,
        -- network: the client, and the backend that its request was passed to
        case when {{ is_ip('client_ip') }} then client_ip end as src_endpoint_ip,
        client_port as src_endpoint_port,
        nullif(told.securityPolicyRequestData.remoteIpInfo.regionCode, '') as src_endpoint_country,
        try_cast(told.securityPolicyRequestData.remoteIpInfo.asn as bigint) as src_endpoint_asn,
        case when {{ is_ip('server_ip') }} then server_ip end as dst_endpoint_ip,
        server_port as dst_endpoint_port,
        coalesce(nullif(label.backend_service_name, ''), nullif(label.backend_target_name, '')) as dst_endpoint_svc_name,
        -- api and cloud
        nullif(regexp_extract(entry.trace, '/traces/([^/]+)$', 1), '') as api_request_uid,
        'GCP' as cloud_provider,
        coalesce(nullif(label.project_id, ''), nullif(regexp_extract(entry.logName, '^projects/([^/]+)', 1), '')) as cloud_account_uid,
        nullif(label.region, '') as cloud_region,
        nullif(request.userAgent, '') as http_user_agent,
        'projects/' || label.project_id || coalesce('/regions/' || nullif(label.region, ''), '/global') || '/urlMaps/'
        || nullif(label.url_map_name, '') as resource_uid,
        nullif(label.url_map_name, '') as resource_name,
        nullif(entry.resource.type, '') as resource_type,
        {{ json_of({
            'receiveTimestamp': 'entry.receiveTimestamp', 'labels': 'entry.labels', 'resourceLabels': 'entry.resource.labels',
            'httpRequest': json_without(json_text('raw', 'httpRequest'), [
                'requestMethod', 'requestUrl', 'requestSize', 'status', 'responseSize', 'userAgent', 'remoteIp', 'serverIp', 'latency',
                'protocol',
            ]),
            'jsonPayload': json_without(json_text('raw', 'jsonPayload'), ['@type', 'statusDetails', 'remoteIp', 'tls']),
        }) }} as unmapped,
        -- class extras: the request
        method as http_method,
        url as url_string,
        nullif(lower(regexp_extract(url, '^([A-Za-z]+)://', 1)), '') as url_scheme,
        nullif(regexp_replace(authority, ':[0-9]*$', ''), '') as url_hostname,
        try_cast(nullif(regexp_extract(authority, ':([0-9]+)$', 1), '') as integer) as url_port,
        nullif(regexp_extract(url, '^[A-Za-z]+://[^/?#]*([^?#]*)', 1), '') as url_path,
        nullif(regexp_extract(url, '[?]([^#]*)', 1), '') as url_query,
        nullif(regexp_replace(request.protocol, '^HTTP/', ''), '') as http_version,
        http_status,
        try_cast(request.requestSize as bigint) as http_request_length,
        try_cast(request.responseSize as bigint) as http_response_length,
        nullif(told.tls.protocol, '') as tls_version,
        nullif(told.tls.cipher, '') as tls_cipher,
        try_cast(round(try_cast(rtrim(request.latency, 's') as double) * 1000) as bigint) as duration_ms,
        -- a rule has no name: its priority in the policy is what it is known by
        nullif(policy.name, '') || coalesce('/' || nullif(policy.priority, ''), '') as firewall_rule_uid
    from classified

)

select * from final
