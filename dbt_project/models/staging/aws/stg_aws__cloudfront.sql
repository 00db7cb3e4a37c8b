{{ routes_to(['http_activity', 'base_event']) }}

{# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html #}
{% set columns = [
    'date', 'time', 'timestamp_ms', 'sc_bytes', 'c_ip', 'cs_method', 'cs_host', 'cs_uri_stem', 'sc_status', 'cs_user_agent',
    'cs_uri_query', 'x_edge_result_type', 'x_edge_request_id', 'x_host_header', 'cs_protocol', 'cs_bytes', 'time_taken',
    'ssl_protocol', 'ssl_cipher', 'cs_protocol_version', 'c_port', 'x_edge_detailed_result_type', 'distributionid', 'asn', 'c_country',
] %}

with

kinds as (

    select * from {{ ref('aws_cloudfront') }}

),

{{ fields_by_header(source('bronze', 'aws_cloudfront'), columns, w3c=true) }},

opened as (

    select
        split_rows.*,
        {{ field_of('c_ip') }} as client,
        {{ field_of('cs_method') }} as method,
        {{ field_of('sc_status') }} as edge_status,
        -- the distribution's own name; the viewer asked for that, or for one of its aliases
        {{ field_of('cs_host') }} as distribution_host,
        coalesce({{ field_of('x_host_header') }}, {{ field_of('cs_host') }}) as authority,
        {{ field_of('cs_uri_stem') }} as path,
        {{ field_of('cs_uri_query') }} as query,
        lower({{ field_of('cs_protocol') }}) as scheme,
        {{ field_of('cs_user_agent') }} as user_agent,
        {{ field_of('x_edge_result_type') }} as result_type,
        {{ field_of('distributionid') }} as distribution_id,
        try_cast({{ field_of('time_taken') }} as double) as seconds
    from split_rows

),

kinded as (

    select
        opened.*,
        -- 000: the viewer went away before there was a response
        try_cast(nullif(edge_status, '000') as integer) as http_status,
        -- with neither of the two it lacks what its class requires
        case when coalesce(method, cast(try_cast(nullif(edge_status, '000') as integer) as varchar)) is not null then 'http' end as kind
    from opened

),

classified as (

    select
        kinded.*,
        coalesce(methods.class_uid, requests.class_uid, 0) as to_class,
        coalesce(methods.activity_id, requests.activity_id, 99) as to_activity,
        case
            when kinded.http_status >= 400 or kinded.edge_status = '000' then 2
            when kinded.http_status >= 100 then 1
            else 0
        end as result
    from kinded
    left join kinds as requests on kinded.kind = requests.kind
    left join kinds as methods on kinded.method = methods.kind

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns('aws_cloudfront', 'CloudFront', 'AWS', uid='cast(null as varchar)', code='result_type') }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'method') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        edge_status as status_code,
        case when result = 2 then {{ field_of('x_edge_detailed_result_type') }} end as status_detail,
        -- network: the viewer, and the distribution
        case when {{ is_ip('client') }} then client end as src_endpoint_ip,
        try_cast({{ field_of('c_port') }} as integer) as src_endpoint_port,
        {{ field_of('c_country') }} as src_endpoint_country,
        try_cast({{ field_of('asn') }} as bigint) as src_endpoint_asn,
        distribution_host as dst_endpoint_hostname,
        distribution_id as dst_endpoint_svc_name,
        -- api and cloud
        {{ field_of('x_edge_request_id') }} as api_request_uid,
        'AWS' as cloud_provider,
        {{ json_text('attributes', 'cloudwatch', 'owner') }} as cloud_account_uid,
        {{ url_decoded('user_agent') }} as http_user_agent,
        coalesce(distribution_id, distribution_host) as resource_uid,
        case when coalesce(distribution_id, distribution_host) is not null then 'AWS::CloudFront::Distribution' end as resource_type,
        {{ other_fields() }} as unmapped,
        -- class extras: the request
        method as http_method,
        coalesce(scheme || '://' || authority, '') || path || coalesce('?' || query, '') as url_string,
        scheme as url_scheme,
        nullif(regexp_replace(authority, ':[0-9]*$', ''), '') as url_hostname,
        try_cast(nullif(regexp_extract(authority, ':([0-9]+)$', 1), '') as integer) as url_port,
        path as url_path,
        query as url_query,
        nullif(regexp_replace({{ field_of('cs_protocol_version') }}, '^HTTP/', ''), '') as http_version,
        http_status,
        try_cast({{ field_of('cs_bytes') }} as bigint) as http_request_length,
        try_cast({{ field_of('sc_bytes') }} as bigint) as http_response_length,
        {{ field_of('ssl_protocol') }} as tls_version,
        {{ field_of('ssl_cipher') }} as tls_cipher,
        case when seconds >= 0 then try_cast(round(seconds * 1000) as bigint) end as duration_ms
    from classified

)

select * from final
