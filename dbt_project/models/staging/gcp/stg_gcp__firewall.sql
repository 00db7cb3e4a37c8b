{{ routes_to(['network_activity', 'base_event']) }}

{# https://cloud.google.com/firewall/docs/firewall-rules-logging#log-format #}
{% set instance_fields = {'project_id': 'string', 'region': 'string', 'zone': 'string', 'vm_name': 'string'} %}
{% set entry_fields = {
    'insertId': 'string', 'logName': 'string', 'receiveTimestamp': 'json', 'labels': 'json',
    'resource': {'type': 'string', 'labels': 'json'},
    'jsonPayload': {
        'connection': {
            'src_ip': 'string', 'src_port': 'string', 'dest_ip': 'string', 'dest_port': 'string', 'protocol': 'string',
        },
        'disposition': 'string',
        'rule_details': {'reference': 'string', 'direction': 'string'},
        'instance': instance_fields, 'remote_instance': instance_fields,
        'vpc': {'vpc_name': 'string'}, 'remote_vpc': {'vpc_name': 'string'},
        'remote_location': {'country': 'string'},
    },
} %}
{% set label_fields = {
    'project_id': 'string', 'location': 'string', 'subnetwork_id': 'string', 'subnetwork_name': 'string',
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'gcp_firewall')) }}

),

kinds as (

    select * from {{ ref('gcp_firewall') }}

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
        entry.jsonPayload as seen,
        nullif(entry.jsonPayload.disposition, '') as disposition,
        nullif(entry.jsonPayload.connection.src_ip, '') as src_address,
        nullif(entry.jsonPayload.connection.dest_ip, '') as dst_address,
        try_cast(entry.jsonPayload.connection.protocol as integer) as protocol,
        case entry.jsonPayload.rule_details.direction when 'INGRESS' then 1 when 'EGRESS' then 2 else 0 end as direction,
        case entry.jsonPayload.disposition when 'ALLOWED' then 1 when 'DENIED' then 2 else 0 end as verdict,
        {{ parse_json('entry.resource.labels', label_fields) }} as label
    from parsed

),

-- `instance` is the one whose rule decided: the destination of what comes in, the source of what goes out
sided as (

    select
        opened.*,
        case when {{ is_ip('src_address') }} then src_address end as src_ip,
        case when {{ is_ip('dst_address') }} then dst_address end as dst_ip,
        case direction when 2 then seen.instance when 1 then seen.remote_instance end as src_instance,
        case direction when 1 then seen.instance when 2 then seen.remote_instance end as dst_instance,
        case direction when 2 then seen.vpc when 1 then seen.remote_vpc end as src_vpc,
        case direction when 1 then seen.vpc when 2 then seen.remote_vpc end as dst_vpc
    from opened

),

classified as (

    select
        sided.*,
        -- a connection that names neither end is none that could be asked for
        case when sided.src_ip is null and sided.dst_ip is null then 0 else coalesce(kinds.class_uid, 0) end as to_class,
        case when sided.src_ip is null and sided.dst_ip is null then 99 else coalesce(kinds.activity_id, 99) end as to_activity
    from sided
    left join kinds on sided.disposition = kinds.disposition

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns('gcp_firewall', 'Firewall Rules Logging', 'Google', uid='entry.insertId', code='disposition') }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'disposition') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(verdict as integer) as status_id,
        case verdict when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        disposition as status_code,
        nullif(seen.rule_details.reference, '') as status_detail,
        cast(nullif(verdict, 0) as integer) as action_id,
        cast(nullif(verdict, 0) as integer) as disposition_id,
        -- network
        src_ip as src_endpoint_ip,
        try_cast(seen.connection.src_port as integer) as src_endpoint_port,
        nullif(src_instance.vm_name, '') as src_endpoint_hostname,
        case
            when src_instance.vm_name <> '' then
                'projects/' || src_instance.project_id || '/zones/' || src_instance.zone || '/instances/' || src_instance.vm_name
        end as src_endpoint_instance_uid,
        nullif(src_vpc.vpc_name, '') as src_endpoint_vpc_uid,
        case when direction = 1 then nullif(seen.remote_location.country, '') end as src_endpoint_country,
        dst_ip as dst_endpoint_ip,
        try_cast(seen.connection.dest_port as integer) as dst_endpoint_port,
        nullif(dst_instance.vm_name, '') as dst_endpoint_hostname,
        case
            when dst_instance.vm_name <> '' then
                'projects/' || dst_instance.project_id || '/zones/' || dst_instance.zone || '/instances/' || dst_instance.vm_name
        end as dst_endpoint_instance_uid,
        nullif(dst_vpc.vpc_name, '') as dst_endpoint_vpc_uid,
        case when direction = 2 then nullif(seen.remote_location.country, '') end as dst_endpoint_country,
        -- api and cloud
        'GCP' as cloud_provider,
        coalesce(nullif(label.project_id, ''), nullif(regexp_extract(entry.logName, '^projects/([^/]+)', 1), '')) as cloud_account_uid,
        coalesce(nullif(seen.instance.region, ''), nullif(regexp_replace(label.location, '-[a-z]$', ''), '')) as cloud_region,
        nullif(label.subnetwork_id, '') as resource_uid,
        nullif(label.subnetwork_name, '') as resource_name,
        nullif(entry.resource.type, '') as resource_type,
        {{ json_of({
            'receiveTimestamp': 'entry.receiveTimestamp', 'labels': 'entry.labels', 'resourceLabels': 'entry.resource.labels',
            'jsonPayload': json_without(json_text('raw', 'jsonPayload'), ['connection', 'disposition']),
        }) }} as unmapped,
        -- class extras: the connection
        cast(direction as integer) as direction_id,
        case direction when 1 then 'Inbound' when 2 then 'Outbound' else 'Unknown' end as direction,
        protocol as protocol_num,
        case protocol when 1 then 'icmp' when 6 then 'tcp' when 17 then 'udp' when 58 then 'ipv6-icmp' end as protocol_name
    from classified

)

select * from final
