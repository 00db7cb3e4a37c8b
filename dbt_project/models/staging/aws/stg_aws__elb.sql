{{ routes_to(['http_activity', 'network_activity', 'base_event']) }}

{# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html #}
{% set columns = [
    'type', 'time', 'elb', 'client', 'target', 'request_processing_time', 'target_processing_time', 'response_processing_time',
    'elb_status_code', 'received_bytes', 'sent_bytes', 'request', 'user_agent', 'ssl_cipher', 'ssl_protocol', 'target_group_arn',
    'trace_id', 'chosen_cert_arn', 'request_creation_time', 'error_reason', 'incoming_tls_alert', 'tls_cipher',
    'tls_connection_creation_time',
] %}

with

kinds as (

    select * from {{ ref('aws_elb') }}

),

{{ fields_by_header(source('bronze', 'aws_elb'), columns, quoted=true) }},

opened as (

    select
        split_rows.*,
        case when place_type is null then 'classic' else {{ field_of('type') }} end as kind_of_line,
        {{ field_of('elb') }} as elb,
        {{ field_of('client') }} as client,
        {{ field_of('target') }} as target,
        {{ field_of('request') }} as request,
        {{ field_of('elb_status_code') }} as elb_status,
        {{ field_of('ssl_cipher') }} as ssl_cipher,
        {{ field_of('ssl_protocol') }} as ssl_protocol,
        {{ field_of('tls_cipher') }} as tls_cipher,
        {{ field_of('incoming_tls_alert') }} as tls_alert,
        coalesce({{ field_of('target_group_arn') }}, {{ field_of('chosen_cert_arn') }}) as arn,
        coalesce({{ field_of('request_creation_time') }}, {{ field_of('tls_connection_creation_time') }}) as created,
        try_cast({{ field_of('received_bytes') }} as bigint) as received_bytes,
        try_cast({{ field_of('sent_bytes') }} as bigint) as sent_bytes,
        try_cast({{ field_of('request_processing_time') }} as double) as request_seconds,
        try_cast({{ field_of('target_processing_time') }} as double) as target_seconds,
        try_cast({{ field_of('response_processing_time') }} as double) as response_seconds
    from split_rows

),

requested as (

    select
        opened.*,
        -- a listener that does not speak HTTP has no request line: "- - - "
        kind_of_line = 'classic' and (request is null or request like '- - -%') as is_tcp,
        nullif(nullif(regexp_extract(request, '^([^ ]+) ', 1), ''), '-') as method,
        nullif(regexp_extract(request, ' HTTP/([0-9.]+)$', 1), '') as http_version,
        nullif(regexp_extract(request, '^[^ ]+ (.*?)( HTTP/[0-9.]+)?$', 1), '') as url,
        replace(replace(regexp_replace(client, ':[0-9]+$', ''), '[', ''), ']', '') as client_ip,
        replace(replace(regexp_replace(target, ':[0-9]+$', ''), '[', ''), ']', '') as target_ip,
        try_cast(elb_status as integer) as http_status
    from opened

),

kinded as (

    select
        requested.*,
        case
            when is_tcp then 'tcp'
            when kind_of_line = 'tls' then 'tls'
            -- with neither of the two it lacks what its class requires
            when coalesce(method, cast(http_status as varchar)) is null then null
            when kind_of_line in ('http', 'https', 'h2', 'grpcs', 'ws', 'wss', 'classic') then 'http'
        end as protocol,
        -- a request that could not be read has no method, and no URL to speak of
        case when method is not null then url end as url_string
    from requested

),

classified as (

    select
        kinded.*,
        coalesce(methods.class_uid, protocols.class_uid, 0) as to_class,
        coalesce(methods.activity_id, protocols.activity_id, 99) as to_activity
    from kinded
    left join kinds as protocols on kinded.protocol = protocols.kind
    left join kinds as methods on kinded.protocol = 'http' and kinded.method = methods.kind and methods.class_uid = 4002

),

judged as (

    select
        classified.*,
        {{ is_ip('client_ip') }} as is_client_ip,
        {{ is_ip('target_ip') }} as is_target_ip,
        case
            when protocol = 'http' and http_status >= 400 then 2
            when protocol = 'http' and http_status >= 100 then 1
            -- without a cipher no TLS session came about
            when protocol = 'tls' and tls_cipher is null then 2
            when protocol = 'tls' then 1
            else 0
        end as result
    from classified

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns('aws_elb', 'Elastic Load Balancing', 'AWS', uid='cast(null as varchar)', code='kind_of_line') }},
        {{ timestamp_of_text("case when created like '____-__-__T%' then rtrim(created, 'Z') || 'Z' end") }} as start_time_dt,
        event_time as end_time_dt,
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'coalesce(method, kind_of_line)') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        coalesce(elb_status, tls_alert) as status_code,
        {{ field_of('error_reason') }} as status_detail,
        -- network: the client, and the target that its request was passed to
        case when is_client_ip then client_ip end as src_endpoint_ip,
        try_cast(nullif(regexp_extract(client, ':([0-9]+)$', 1), '') as integer) as src_endpoint_port,
        case when not is_client_ip then client_ip end as src_endpoint_hostname,
        case when is_target_ip then target_ip end as dst_endpoint_ip,
        try_cast(nullif(regexp_extract(target, ':([0-9]+)$', 1), '') as integer) as dst_endpoint_port,
        case when not is_target_ip then target_ip end as dst_endpoint_hostname,
        elb as dst_endpoint_svc_name,
        -- api and cloud
        {{ field_of('trace_id') }} as api_request_uid,
        'AWS' as cloud_provider,
        nullif(regexp_extract(arn, '^arn:[^:]*:[^:]*:[^:]*:([0-9]+):', 1), '') as cloud_account_uid,
        nullif(regexp_extract(arn, '^arn:[^:]*:[^:]*:([^:]*):', 1), '') as cloud_region,
        nullif({{ field_of('user_agent') }}, '') as http_user_agent,
        elb as resource_uid,
        case
            when kind_of_line = 'classic' then 'AWS::ElasticLoadBalancing::LoadBalancer'
            when elb is not null then 'AWS::ElasticLoadBalancingV2::LoadBalancer'
        end as resource_type,
        {{ other_fields() }} as unmapped,
        -- class extras: the request
        case when protocol = 'http' then method end as http_method,
        {{ url_columns('url_string') }},
        http_version,
        case when protocol = 'http' then http_status end as http_status,
        case when protocol = 'http' then received_bytes end as http_request_length,
        case when protocol = 'http' then sent_bytes end as http_response_length,
        ssl_protocol as tls_version,
        ssl_cipher as tls_cipher,
        -- -1 says that a request was not passed on, or not answered
        case
            when request_seconds >= 0 and target_seconds >= 0 and response_seconds >= 0
                then try_cast(round((request_seconds + target_seconds + response_seconds) * 1000) as bigint)
        end as duration_ms,
        -- class extras: the connection
        cast(case when to_class = 4001 then 1 end as integer) as direction_id,
        case when to_class = 4001 then 'Inbound' end as direction,
        cast(case when to_class = 4001 then 6 end as integer) as protocol_num,
        case when to_class = 4001 then 'tcp' end as protocol_name,
        case when to_class = 4001 then try_cast(cast(received_bytes as decimal(38, 0)) + sent_bytes as bigint) end as traffic_bytes
    from judged

)

select * from final
