{{ routes_to(['dns_activity', 'base_event']) }}

{# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html #}
{% set query_fields = {
    'account_id': 'string', 'region': 'string', 'vpc_id': 'string', 'query_name': 'string', 'query_type': 'string',
    'query_class': 'string', 'rcode': 'string', 'answers': [{'Rdata': 'string', 'Type': 'string', 'Class': 'string'}],
    'srcaddr': 'string', 'srcport': 'string', 'transport': 'string', 'srcids': 'json', 'firewall_rule_action': 'string',
    'firewall_rule_group_id': 'string',
} %}
{% set mapped = [
    'version', 'account_id', 'region', 'vpc_id', 'query_timestamp', 'query_name', 'query_type', 'query_class', 'rcode', 'answers',
    'srcaddr', 'srcport', 'transport', 'firewall_rule_action', 'firewall_rule_group_id',
] %}

with

records as (

    select * from {{ new_rows(source('bronze', 'aws_route53_resolver')) }}

),

kinds as (

    select * from {{ ref('aws_route53_resolver') }}

),

parsed as (

    select
        records.*,
        {{ parse_json('raw', query_fields) }} as event
    from records

),

opened as (

    select
        parsed.*,
        {{ dns_hostname('event.query_name') }} as hostname,
        nullif(event.rcode, '') as rcode,
        {{ json_text('event.srcids', 'instance') }} as instance_id,
        upper(event.transport) as transport,
        upper(event.firewall_rule_action) as verdict,
        case
            when nullif(event.query_name, '') is null then null
            when nullif(event.rcode, '') is null then 'query'
            else 'response'
        end as kind
    from parsed

),

classified as (

    select
        opened.*,
        coalesce(kinds.class_uid, 0) as to_class,
        coalesce(kinds.activity_id, 99) as to_activity,
        case when opened.rcode is null then 0 when upper(opened.rcode) = 'NOERROR' then 1 else 2 end as result
    from opened
    left join kinds on opened.kind = kinds.kind

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns('aws_route53_resolver', 'Route 53 Resolver', 'AWS', uid='cast(null as varchar)', code='rcode') }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'cast(null as varchar)') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        rcode as status_code,
        -- what DNS Firewall did: an alert lets the query through
        cast(case verdict when 'ALLOW' then 1 when 'BLOCK' then 2 when 'ALERT' then 3 end as integer) as action_id,
        cast(case verdict when 'ALLOW' then 1 when 'BLOCK' then 2 when 'ALERT' then 19 end as integer) as disposition_id,
        -- network
        case when {{ is_ip('event.srcaddr') }} then event.srcaddr end as src_endpoint_ip,
        try_cast(event.srcport as integer) as src_endpoint_port,
        instance_id as src_endpoint_instance_uid,
        event.vpc_id as src_endpoint_vpc_uid,
        'Route 53 Resolver' as dst_endpoint_svc_name,
        -- api and cloud
        'AWS' as cloud_provider,
        event.account_id as cloud_account_uid,
        event.region as cloud_region,
        event.vpc_id as resource_uid,
        case when event.vpc_id is not null then 'AWS::EC2::VPC' end as resource_type,
        case
            when event.srcids is null or event.srcids = '{}' or instance_id is not null then {{ json_without('raw', mapped + ['srcids']) }}
            else {{ json_without('raw', mapped) }}
        end as unmapped,
        -- class extras: the query and its answer
        hostname as query_hostname,
        event.query_type,
        event.query_class,
        {{ dns_rcode_id('rcode') }} as rcode_id,
        {{ dns_rcode_name('rcode') }} as rcode,
        {{ list_map('event.answers', struct_of({
            'rdata': 'item.Rdata', 'type': 'item.Type', 'class': 'item.Class', 'ttl': 'cast(null as bigint)',
        })) }} as answers,
        event.firewall_rule_group_id as firewall_rule_uid,
        -- class extras: the connection
        cast(case transport when 'TCP' then 6 when 'UDP' then 17 end as integer) as protocol_num,
        case transport when 'TCP' then 'tcp' when 'UDP' then 'udp' end as protocol_name
    from classified

)

select * from final
