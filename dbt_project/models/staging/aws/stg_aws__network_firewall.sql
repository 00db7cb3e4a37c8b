{{ routes_to(['network_activity', 'base_event']) }}

{# https://docs.aws.amazon.com/network-firewall/latest/developerguide/firewall-logging-contents.html #}
{% set flags = {'fin': 1, 'syn': 2, 'rst': 4, 'psh': 8, 'ack': 16, 'urg': 32, 'ecn': 64, 'cwr': 128} %}
{% set flag_fields = {'tcp_flags': 'string'} %}
{% set bits = [] %}
{% for flag, bit in flags.items() %}
    {% do flag_fields.update({flag: 'string'}) %}
    {% do bits.append("case when seen.tcp." ~ flag ~ " = 'true' then " ~ bit ~ " else 0 end") %}
{% endfor %}
{% set record_fields = {
    'firewall_name': 'string', 'availability_zone': 'json', 'aws_category': 'json',
    'event': {
        'event_type': 'string', 'src_ip': 'string', 'src_port': 'string', 'dest_ip': 'string', 'dest_port': 'string', 'proto': 'string',
        'alert': {'action': 'string', 'signature_id': 'string', 'signature': 'string', 'severity': 'string'},
        'verdict': {'action': 'string'},
        'netflow': {'pkts': 'string', 'bytes': 'string', 'start': 'string', 'end': 'string'},
        'tcp': flag_fields,
        'http': {'hostname': 'string', 'http_user_agent': 'string'},
        'tls': {'sni': 'string'},
        'sni': 'string',
        'tls_error': {'error_message': 'string'},
        'revocation_check': {'status': 'string', 'action': 'string'},
    },
} %}
{% set event_mapped = [
    'timestamp', 'event_type', 'src_ip', 'src_port', 'dest_ip', 'dest_port', 'proto', 'netflow', 'tcp', 'sni', 'tls_error',
] %}

with

records as (

    select * from {{ new_rows(source('bronze', 'aws_network_firewall')) }}

),

kinds as (

    select * from {{ ref('aws_network_firewall') }}

),

parsed as (

    select
        records.*,
        {{ parse_json('raw', record_fields) }} as record
    from records

),

opened as (

    select
        parsed.*,
        record.event as seen,
        nullif(record.firewall_name, '') as firewall,
        nullif(record.event.src_ip, '') as src_address,
        nullif(record.event.dest_ip, '') as dst_address,
        lower(nullif(record.event.proto, '')) as protocol,
        lower(nullif(record.event.event_type, '')) as event_type,
        lower(coalesce(nullif(record.event.alert.action, ''), nullif(record.event.revocation_check.action, ''))) as told_action,
        -- a packet that one rule allows may be dropped for another
        case
            when lower(record.event.alert.action) = 'allowed' and record.event.verdict.action in ('drop', 'reject') then 'blocked'
            else lower(coalesce(nullif(record.event.alert.action, ''), nullif(record.event.revocation_check.action, '')))
        end as action,
        nullif(record.event.tls_error.error_message, '') as tls_error,
        nullif(record.event.revocation_check.status, '') as revocation,
        -- the firewall's own TLS engine names no type
        case
            when record.event.tls_error is not null then 'tls error'
            when record.event.revocation_check is not null then 'revocation'
            else lower(nullif(record.event.event_type, ''))
        end as type_of
    from parsed

),

sided as (

    select
        opened.*,
        case when {{ is_ip('src_address') }} then src_address end as src_ip,
        case when {{ is_ip('dst_address') }} then dst_address end as dst_ip,
        case
            when type_of = 'alert' and action = 'allowed' then 1
            when type_of = 'revocation' and action = 'pass' then 1
            when type_of = 'alert' and action = 'blocked' then 2
            when type_of = 'revocation' and action in ('drop', 'reject') then 2
            when type_of = 'tls error' then 2
            else 0
        end as result,
        -- of Suricata's priorities 1 is the highest
        case
            when type_of <> 'alert' then 1
            else case seen.alert.severity when '1' then 4 when '2' then 3 when '3' then 2 else 1 end
        end as level
    from opened

),

classified as (

    select
        sided.*,
        -- a flow that names neither end is none that could be asked for
        case when coalesce(sided.src_ip, sided.dst_ip) is null then 0 else coalesce(acts.class_uid, types.class_uid, 0) end as to_class,
        case
            when coalesce(sided.src_ip, sided.dst_ip) is null then 99
            else coalesce(acts.activity_id, types.activity_id, 99)
        end as to_activity
    from sided
    left join kinds as types on sided.type_of = types.kind
    left join kinds as acts on sided.type_of || ' ' || sided.action = acts.kind

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            'aws_network_firewall', 'AWS Network Firewall', 'AWS', uid='cast(null as varchar)', code='type_of',
            profiles=['cloud', 'datetime', 'security_control'],
        ) }},
        -- Suricata writes UTC as +0000
        {{ timestamp_of_text("replace(seen.netflow.start, '+0000', 'Z')") }} as start_time_dt,
        {{ timestamp_of_text("replace(seen.netflow.end, '+0000', 'Z')") }} as end_time_dt,
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'coalesce(action, type_of)') }},
        cast(level as integer) as severity_id,
        case level when 4 then 'High' when 3 then 'Medium' when 2 then 'Low' else 'Informational' end as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        told_action as status_code,
        coalesce(nullif(seen.alert.signature_id, ''), tls_error, revocation) as status_detail,
        -- a rule that only alerts lets the packet through
        cast(
            case when type_of = 'alert' and result = 1 and coalesce(seen.verdict.action, '') <> 'pass' then 3 else nullif(result, 0) end
            as integer
        ) as action_id,
        cast(
            case
                when type_of = 'alert' and action = 'blocked' then 2
                when type_of = 'alert' and result = 1 then case when seen.verdict.action = 'pass' then 1 else 19 end
                when type_of = 'revocation' and action = 'drop' then 6
                when type_of = 'tls error' or action = 'reject' then 21
                when result = 1 then 1
            end as integer
        ) as disposition_id,
        nullif(seen.alert.signature, '') as message,
        -- network
        src_ip as src_endpoint_ip,
        try_cast(seen.src_port as integer) as src_endpoint_port,
        dst_ip as dst_endpoint_ip,
        try_cast(seen.dest_port as integer) as dst_endpoint_port,
        coalesce(nullif(seen.http.hostname, ''), nullif(seen.tls.sni, ''), nullif(nullif(seen.sni, ''), '-')) as dst_endpoint_hostname,
        -- api and cloud
        'AWS' as cloud_provider,
        {{ json_text('attributes', 'cloudwatch', 'owner') }} as cloud_account_uid,
        nullif(regexp_extract(record.availability_zone, '^"([a-z]+(-[a-z]+)+-[0-9]+)[a-z-]', 1), '') as cloud_region,
        nullif(seen.http.http_user_agent, '') as http_user_agent,
        firewall as resource_uid,
        firewall as resource_name,
        case when firewall is not null then 'AWS::NetworkFirewall::Firewall' end as resource_type,
        {{ json_of({
            'availability_zone': "nullif(record.availability_zone, 'null')", 'aws_category': "nullif(record.aws_category, 'null')",
            'event': json_without(json_text('raw', 'event'), event_mapped),
            'netflow': json_without(json_text('raw', 'event', 'netflow'), ['pkts', 'bytes', 'start', 'end']),
        }) }} as unmapped,
        -- class extras: the connection; which side is the inside is not told
        cast(0 as integer) as direction_id,
        'Unknown' as direction,
        cast(
            case protocol when 'icmp' then 1 when 'tcp' then 6 when 'udp' then 17 when 'ipv6-icmp' then 58 when 'sctp' then 132 end
            as integer
        ) as protocol_num,
        protocol as protocol_name,
        case when seen.tcp.tcp_flags is not null then cast({{ bits | join(' + ') }} as integer) end as tcp_flags,
        try_cast(seen.netflow.bytes as bigint) as traffic_bytes,
        try_cast(seen.netflow.pkts as bigint) as traffic_packets
    from classified

)

select * from final
