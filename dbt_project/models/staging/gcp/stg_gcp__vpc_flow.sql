{{ routes_to(['network_activity', 'base_event']) }}

{# https://cloud.google.com/vpc/docs/about-flow-logs-records; 64-bit numbers are text in JSON #}
{% set instance_fields = {'project_id': 'string', 'region': 'string', 'zone': 'string', 'vm_name': 'string'} %}
{% set service_fields = {'type': 'string', 'service_name': 'string'} %}
{% set location_fields = {'country': 'string', 'asn': 'string'} %}
{% set entry_fields = {
    'insertId': 'string', 'logName': 'string', 'receiveTimestamp': 'json', 'labels': 'json',
    'resource': {'type': 'string', 'labels': 'json'},
    'jsonPayload': {
        'connection': {
            'src_ip': 'string', 'src_port': 'string', 'dest_ip': 'string', 'dest_port': 'string', 'protocol': 'string',
        },
        'reporter': 'string', 'start_time': 'string', 'end_time': 'string', 'bytes_sent': 'string', 'packets_sent': 'string',
        'src_instance': instance_fields, 'dest_instance': instance_fields,
        'src_vpc': {'vpc_name': 'string'}, 'dest_vpc': {'vpc_name': 'string'},
        'src_location': location_fields, 'dest_location': location_fields,
        'src_google_service': service_fields, 'dest_google_service': service_fields,
    },
} %}
{% set label_fields = {
    'project_id': 'string', 'location': 'string', 'region': 'string', 'subnetwork_id': 'string', 'subnetwork_name': 'string',
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'gcp_vpc_flow')) }}

),

kinds as (

    select * from {{ ref('gcp_vpc_flow') }}

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
        entry.jsonPayload as flow,
        nullif(entry.jsonPayload.reporter, '') as reporter,
        nullif(entry.jsonPayload.connection.src_ip, '') as src_address,
        nullif(entry.jsonPayload.connection.dest_ip, '') as dst_address,
        try_cast(entry.jsonPayload.connection.protocol as integer) as protocol,
        {{ parse_json('entry.resource.labels', label_fields) }} as label
    from parsed

),

sided as (

    select
        opened.*,
        case when {{ is_ip('src_address') }} then src_address end as src_ip,
        case when {{ is_ip('dst_address') }} then dst_address end as dst_ip,
        case reporter when 'DEST' then 1 when 'SRC' then 2 else 0 end as direction,
        -- the resource is a subnet in a region, or in a zone
        coalesce(
            case reporter when 'SRC' then nullif(flow.src_instance.region, '') when 'DEST' then nullif(flow.dest_instance.region, '') end,
            nullif(label.region, ''),
            nullif(regexp_replace(label.location, '-[a-z]$', ''), '')
        ) as region,
        case
            when flow.src_instance.vm_name <> '' then
                'projects/' || flow.src_instance.project_id || '/zones/' || flow.src_instance.zone
                || '/instances/' || flow.src_instance.vm_name
        end as src_instance_uid,
        case
            when flow.dest_instance.vm_name <> '' then
                'projects/' || flow.dest_instance.project_id || '/zones/' || flow.dest_instance.zone
                || '/instances/' || flow.dest_instance.vm_name
        end as dest_instance_uid,
        coalesce(
            nullif(flow.src_google_service.service_name, ''), nullif(flow.src_google_service.type, '')
        ) as src_service,
        coalesce(
            nullif(flow.dest_google_service.service_name, ''), nullif(flow.dest_google_service.type, '')
        ) as dest_service
    from opened

),

classified as (

    select
        sided.*,
        -- a flow that names neither end is none that could be asked for
        case when sided.src_ip is null and sided.dst_ip is null then 0 else coalesce(kinds.class_uid, 0) end as to_class,
        case when sided.src_ip is null and sided.dst_ip is null then 99 else coalesce(kinds.activity_id, 99) end as to_activity
    from sided
    left join kinds on sided.reporter = kinds.reporter

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns('gcp_vpc_flow', 'VPC Flow Logs', 'Google', uid='entry.insertId', code='reporter') }},
        {{ timestamp_of_text('flow.start_time') }} as start_time_dt,
        {{ timestamp_of_text('flow.end_time') }} as end_time_dt,
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'reporter') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        -- a sample of the packets, without a firewall's verdict
        cast(0 as integer) as status_id,
        'Unknown' as status,
        -- network
        src_ip as src_endpoint_ip,
        try_cast(flow.connection.src_port as integer) as src_endpoint_port,
        nullif(flow.src_instance.vm_name, '') as src_endpoint_hostname,
        src_service as src_endpoint_svc_name,
        src_instance_uid as src_endpoint_instance_uid,
        nullif(flow.src_vpc.vpc_name, '') as src_endpoint_vpc_uid,
        nullif(flow.src_location.country, '') as src_endpoint_country,
        try_cast(flow.src_location.asn as bigint) as src_endpoint_asn,
        dst_ip as dst_endpoint_ip,
        try_cast(flow.connection.dest_port as integer) as dst_endpoint_port,
        nullif(flow.dest_instance.vm_name, '') as dst_endpoint_hostname,
        dest_service as dst_endpoint_svc_name,
        dest_instance_uid as dst_endpoint_instance_uid,
        nullif(flow.dest_vpc.vpc_name, '') as dst_endpoint_vpc_uid,
        nullif(flow.dest_location.country, '') as dst_endpoint_country,
        try_cast(flow.dest_location.asn as bigint) as dst_endpoint_asn,
        -- api and cloud
        'GCP' as cloud_provider,
        coalesce(nullif(label.project_id, ''), nullif(regexp_extract(entry.logName, '^projects/([^/]+)', 1), '')) as cloud_account_uid,
        region as cloud_region,
        nullif(label.subnetwork_id, '') as resource_uid,
        nullif(label.subnetwork_name, '') as resource_name,
        nullif(entry.resource.type, '') as resource_type,
        {{ json_of({
            'receiveTimestamp': 'entry.receiveTimestamp', 'labels': 'entry.labels', 'resourceLabels': 'entry.resource.labels',
            'jsonPayload': json_without(json_text('raw', 'jsonPayload'), [
                'connection', 'reporter', 'start_time', 'end_time', 'bytes_sent', 'packets_sent',
            ]),
        }) }} as unmapped,
        -- class extras: the connection
        cast(direction as integer) as direction_id,
        case direction when 1 then 'Inbound' when 2 then 'Outbound' else 'Unknown' end as direction,
        protocol as protocol_num,
        case protocol when 1 then 'icmp' when 6 then 'tcp' when 17 then 'udp' when 58 then 'ipv6-icmp' end as protocol_name,
        try_cast(flow.bytes_sent as bigint) as traffic_bytes,
        try_cast(flow.packets_sent as bigint) as traffic_packets
    from classified

)

select * from final
