{{ routes_to(['network_activity', 'base_event']) }}

{#
    Tuples below the record and group that they are of, which is the attribute `fields`; a record without tuples is its own
    text. https://learn.microsoft.com/azure/network-watcher/vnet-flow-logs-overview
#}
{% set record_fields = {
    'targetResourceID': 'string', 'macAddress': 'string', 'flowLogVersion': 'json', 'flowLogGUID': 'json', 'flowLogResourceID': 'json',
    'category': 'json', 'operationName': 'json',
    'flowRecords': {'flows': [{'aclID': 'json', 'flowGroups': [{'rule': 'string'}]}]},
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'azure_vnet_flow')) }}

),

kinds as (

    select * from {{ ref('azure_vnet_flow') }}

),

parsed as (

    select
        records.*,
        {{ json_at('attributes', '$.fields') }} is not null as is_tuple,
        {{ parse_json("coalesce(" ~ json_at('attributes', '$.fields') ~ ", raw)", record_fields) }} as record
    from records

),

opened as (

    select
        parsed.*,
        nullif({{ list_item(list_item('record.flowRecords.flows', 1) ~ '.flowGroups', 1) }}.rule, '') as rule,
        nullif(record.macAddress, '') as mac,
        lower(nullif(record.targetResourceID, '')) as resource,
        nullif(split_part(raw, ',', 2), '') as src_address,
        nullif(split_part(raw, ',', 3), '') as dst_address,
        try_cast(split_part(raw, ',', 4) as integer) as src_port,
        try_cast(split_part(raw, ',', 5) as integer) as dst_port,
        nullif(split_part(raw, ',', 6), '') as carrier,
        nullif(split_part(raw, ',', 7), '') as way,
        nullif(split_part(raw, ',', 8), '') as state,
        nullif(split_part(raw, ',', 9), '') as encryption,
        try_cast(split_part(raw, ',', 10) as bigint) as packets_sent,
        try_cast(split_part(raw, ',', 11) as bigint) as bytes_sent,
        try_cast(split_part(raw, ',', 12) as bigint) as packets_received,
        try_cast(split_part(raw, ',', 13) as bigint) as bytes_received
    from parsed

),

sided as (

    select
        opened.*,
        case when is_tuple then coalesce(state, 'none') else 'no flow' end as kind,
        case when is_tuple and {{ is_ip('src_address') }} then src_address end as src_ip,
        case when is_tuple and {{ is_ip('dst_address') }} then dst_address end as dst_ip,
        case when not is_tuple then 0 when way = 'I' then 1 when way = 'O' then 2 else 0 end as direction,
        case when not is_tuple then 0 when state in ('B', 'C', 'E') then 1 when state = 'D' then 2 else 0 end as verdict,
        case when is_tuple then try_cast(carrier as integer) end as protocol
    from opened

),

classified as (

    select
        sided.*,
        -- a flow that names neither end is none that could be asked for
        case when sided.src_ip is null and sided.dst_ip is null then 0 else coalesce(kinds.class_uid, 0) end as to_class,
        case when sided.src_ip is null and sided.dst_ip is null then 99 else coalesce(kinds.activity_id, 99) end as to_activity
    from sided
    left join kinds on sided.kind = kinds.state

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns('azure_vnet_flow', 'Network Watcher', 'Microsoft', uid='cast(null as varchar)', code='kind') }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'kind') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(verdict as integer) as status_id,
        case verdict when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        case when is_tuple then state end as status_code,
        rule as status_detail,
        cast(nullif(verdict, 0) as integer) as action_id,
        cast(nullif(verdict, 0) as integer) as disposition_id,
        -- network
        src_ip as src_endpoint_ip,
        case when is_tuple then src_port end as src_endpoint_port,
        dst_ip as dst_endpoint_ip,
        case when is_tuple then dst_port end as dst_endpoint_port,
        -- api and cloud
        'Azure' as cloud_provider,
        nullif(regexp_extract(resource, '/subscriptions/([^/]+)', 1), '') as cloud_account_uid,
        resource as resource_uid,
        nullif(regexp_extract(resource, '([^/]+)/?$', 1), '') as resource_name,
        nullif(regexp_extract(resource, '/providers/([^/]+/[^/]+)/[^/]+/?$', 1), '') as resource_type,
        -- not the record's time: a tuple that comes in two records is one event
        {{ json_of({
            'aclID': list_item('record.flowRecords.flows', 1) ~ '.aclID',
            'tuple': "case when is_tuple then " ~ json_object_text({
                'encryption': 'encryption', 'packets_sent': 'packets_sent', 'bytes_sent': 'bytes_sent',
                'packets_received': 'packets_received', 'bytes_received': 'bytes_received',
            }) ~ " end",
            'flowLogResourceID': 'record.flowLogResourceID', 'flowLogGUID': 'record.flowLogGUID', 'category': 'record.category',
            'operationName': 'record.operationName', 'version': 'record.flowLogVersion',
        }) }} as unmapped,
        -- class extras: the connection, both of its directions together
        cast(direction as integer) as direction_id,
        case direction when 1 then 'Inbound' when 2 then 'Outbound' else 'Unknown' end as direction,
        protocol as protocol_num,
        case protocol when 1 then 'icmp' when 6 then 'tcp' when 17 then 'udp' when 58 then 'ipv6-icmp' end as protocol_name,
        case
            when is_tuple and coalesce(bytes_sent, bytes_received) is not null
                then coalesce(bytes_sent, 0) + coalesce(bytes_received, 0)
        end as traffic_bytes,
        case
            when is_tuple and coalesce(packets_sent, packets_received) is not null
                then coalesce(packets_sent, 0) + coalesce(packets_received, 0)
        end as traffic_packets,
        case when direction = 2 then mac end as src_endpoint_interface_uid,
        case when direction = 1 then mac end as dst_endpoint_interface_uid
    from classified

)

select * from final
