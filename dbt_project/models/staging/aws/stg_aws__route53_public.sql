{{ routes_to(['dns_activity', 'base_event']) }}

{# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html#query-logs-format #}
{% set columns = [
    'exported_at', 'version', 'query_timestamp', 'hosted_zone_id', 'query_name', 'query_type', 'response_code', 'protocol',
    'resolver_ip',
] %}

with

kinds as (

    select * from {{ ref('aws_route53_public') }}

),

{{ fields_by_header(source('bronze', 'aws_route53_public'), columns) }},

opened as (

    select
        split_rows.*,
        {{ dns_hostname(field_of('query_name')) }} as hostname,
        {{ field_of('response_code') }} as answered,
        {{ field_of('hosted_zone_id') }} as zone_id,
        {{ field_of('resolver_ip') }} as resolver,
        upper({{ field_of('protocol') }}) as transport
    from split_rows

),

kinded as (

    select
        opened.*,
        case when hostname is null then null when answered is null then 'query' else 'response' end as kind
    from opened

),

classified as (

    select
        kinded.*,
        coalesce(kinds.class_uid, 0) as to_class,
        coalesce(kinds.activity_id, 99) as to_activity,
        case when kinded.answered is null then 0 when upper(kinded.answered) = 'NOERROR' then 1 else 2 end as result
    from kinded
    left join kinds on kinded.kind = kinds.kind

),

final as (

    select
        -- identity, lineage and time; an export sets a time before the line
        {{ ocsf_identity_columns(
            'aws_route53_public', 'Amazon Route 53', 'AWS', uid='cast(null as varchar)', code='answered',
            text="regexp_replace(raw, '^20[^ ]* ', '')",
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'cast(null as varchar)') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        answered as status_code,
        -- network: who asked is the resolver, not its client
        case when {{ is_ip('resolver') }} then resolver end as src_endpoint_ip,
        'Route 53' as dst_endpoint_svc_name,
        -- api and cloud
        'AWS' as cloud_provider,
        {{ json_text('attributes', 'cloudwatch', 'owner') }} as cloud_account_uid,
        zone_id as resource_uid,
        case when zone_id is not null then 'AWS::Route53::HostedZone' end as resource_type,
        {{ other_fields() }} as unmapped,
        -- class extras: the query and its answer
        hostname as query_hostname,
        {{ field_of('query_type') }} as query_type,
        {{ dns_rcode_id('answered') }} as rcode_id,
        {{ dns_rcode_name('answered') }} as rcode,
        -- class extras: the connection
        cast(case transport when 'TCP' then 6 when 'UDP' then 17 end as integer) as protocol_num,
        case transport when 'TCP' then 'tcp' when 'UDP' then 'udp' end as protocol_name
    from classified

)

select * from final
