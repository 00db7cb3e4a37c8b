{{ routes_to(['network_activity', 'base_event']) }}

{# https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html #}
{% set columns = [
    'version', 'account_id', 'interface_id', 'srcaddr', 'dstaddr', 'srcport', 'dstport', 'protocol', 'packets', 'bytes', 'start',
    'end', 'action', 'log_status', 'vpc_id', 'instance_id', 'tcp_flags', 'region', 'flow_direction', 'traffic_path',
    'pkt_src_aws_service', 'pkt_dst_aws_service', 'reject_reason',
] %}

with

kinds as (

    select * from {{ ref('aws_vpc_flow') }}

),

{{ fields_by_header(source('bronze', 'aws_vpc_flow'), columns, loose='pkt_src_aws_service') }},

opened as (

    select
        split_rows.*,
        {{ field_of('log_status') }} as log_status,
        {{ field_of('action') }} as action,
        {{ field_of('srcaddr') }} as srcaddr,
        {{ field_of('dstaddr') }} as dstaddr,
        {{ field_of('interface_id') }} as interface_id,
        {{ field_of('instance_id') }} as instance_id,
        {{ field_of('vpc_id') }} as vpc_id,
        {{ field_of('start') }} as start_text,
        {{ field_of('end') }} as end_text,
        {{ field_of('flow_direction') }} as flow_direction,
        {{ field_of('traffic_path') }} as traffic_path,
        try_cast({{ field_of('protocol') }} as integer) as protocol
    from split_rows

),

classified as (

    select
        opened.*,
        coalesce(kinds.class_uid, 0) as to_class,
        coalesce(kinds.activity_id, 99) as to_activity,
        case when {{ is_ip('opened.srcaddr') }} then opened.srcaddr end as src_ip,
        case when {{ is_ip('opened.dstaddr') }} then opened.dstaddr end as dst_ip,
        case opened.flow_direction when 'ingress' then 1 when 'egress' then 2 else 0 end as direction,
        case opened.action when 'ACCEPT' then 1 when 'REJECT' then 2 else 0 end as verdict
    from opened
    left join kinds on coalesce(opened.log_status, 'none') = kinds.log_status

),

-- the interface that saw the flow is its destination or its source; where there was no flow it is the only endpoint known
sided as (

    select
        classified.*,
        direction = 1 or (src_ip is null and dst_ip is null) as is_at_destination,
        direction = 2 as is_at_source
    from classified

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns('aws_vpc_flow', 'Amazon VPC', 'AWS', uid='cast(null as varchar)', code='coalesce(action, log_status)') }},
        {{ timestamp_of_ms('try_cast(case when length(start_text) <= 11 then start_text end as bigint) * 1000') }} as start_time_dt,
        {{ timestamp_of_ms('try_cast(case when length(end_text) <= 11 then end_text end as bigint) * 1000') }} as end_time_dt,
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'log_status') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(case when verdict > 0 then verdict when log_status is null or log_status = 'OK' then 0 else 99 end as integer) as status_id,
        case
            when verdict = 1 then 'Success'
            when verdict = 2 then 'Failure'
            when log_status is null or log_status = 'OK' then 'Unknown'
            else log_status
        end as status,
        log_status as status_code,
        {{ field_of('reject_reason') }} as status_detail,
        cast(nullif(verdict, 0) as integer) as action_id,
        cast(nullif(verdict, 0) as integer) as disposition_id,
        -- network
        src_ip as src_endpoint_ip,
        try_cast({{ field_of('srcport') }} as integer) as src_endpoint_port,
        {{ field_of('pkt_src_aws_service') }} as src_endpoint_svc_name,
        case when is_at_source then instance_id end as src_endpoint_instance_uid,
        case when is_at_source then vpc_id end as src_endpoint_vpc_uid,
        dst_ip as dst_endpoint_ip,
        try_cast({{ field_of('dstport') }} as integer) as dst_endpoint_port,
        {{ field_of('pkt_dst_aws_service') }} as dst_endpoint_svc_name,
        case when is_at_destination then instance_id end as dst_endpoint_instance_uid,
        case when is_at_destination then vpc_id end as dst_endpoint_vpc_uid,
        -- api and cloud
        'AWS' as cloud_provider,
        {{ field_of('account_id') }} as cloud_account_uid,
        {{ field_of('region') }} as cloud_region,
        interface_id as resource_uid,
        case when interface_id is not null then 'AWS::EC2::NetworkInterface' end as resource_type,
        {{ other_fields() }} as unmapped,
        -- class extras: the connection
        cast(direction as integer) as direction_id,
        case direction when 1 then 'Inbound' when 2 then 'Outbound' else 'Unknown' end as direction,
        protocol as protocol_num,
        case protocol when 1 then 'icmp' when 6 then 'tcp' when 17 then 'udp' when 58 then 'ipv6-icmp' end as protocol_name,
        try_cast({{ field_of('tcp_flags') }} as integer) as tcp_flags,
        case traffic_path
            when '1' then 'Same VPC'
            when '2' then 'Internet/VPC Gateway'
            when '3' then 'Virtual Private Gateway'
            when '4' then 'Intra-region VPC'
            when '5' then 'Inter-region VPC'
            when '6' then 'Local Gateway'
            when '7' then 'Gateway VPC'
            when '8' then 'Internet Gateway'
        end as boundary,
        try_cast({{ field_of('bytes') }} as bigint) as traffic_bytes,
        try_cast({{ field_of('packets') }} as bigint) as traffic_packets,
        case when is_at_source then interface_id end as src_endpoint_interface_uid,
        case when is_at_destination then interface_id end as dst_endpoint_interface_uid
    from sided

)

select * from final
