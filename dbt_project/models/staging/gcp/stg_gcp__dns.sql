{{ routes_to(['dns_activity', 'base_event']) }}

{# https://cloud.google.com/dns/docs/monitoring#dns-log-record-format #}
{% set entry_fields = {
    'insertId': 'string', 'logName': 'string', 'receiveTimestamp': 'json', 'labels': 'json',
    'resource': {'type': 'string', 'labels': 'json'},
    'jsonPayload': {
        'queryName': 'string', 'queryType': 'string', 'responseCode': 'string', 'protocol': 'string', 'rdata': 'string',
        'structuredRdata': [{'rvalue': 'string', 'type': 'string', 'class': 'string', 'ttl': 'string'}],
        'sourceIP': 'string', 'destinationIP': 'string', 'sourceNetwork': 'string', 'vmProjectId': 'string',
        'vmZoneName': 'string', 'vmInstanceName': 'string', 'vmInstanceIdString': 'string', 'vmInstanceId': 'string',
    },
} %}
{% set label_fields = {'project_id': 'string', 'location': 'string', 'target_name': 'string', 'target_type': 'string'} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'gcp_dns')) }}

),

kinds as (

    select * from {{ ref('gcp_dns') }}

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
        entry.jsonPayload as query,
        {{ parse_json('entry.resource.labels', label_fields) }} as label,
        {{ dns_hostname('entry.jsonPayload.queryName') }} as hostname,
        nullif(entry.jsonPayload.responseCode, '') as rcode,
        upper(entry.jsonPayload.protocol) as transport,
        -- the instance's name stands behind the number of its project
        nullif(regexp_replace(entry.jsonPayload.vmInstanceName, '^[0-9]+[.]', ''), '') as instance_name,
        -- a line of the zone file for each answer: name, ttl, class, type, data; what is cut off has no data
        {{ list_where("split(entry.jsonPayload.rdata, chr(10))", list_item("split(item, chr(9))", 5) ~ ' is not null') }} as lines,
        case
            when nullif(entry.jsonPayload.queryName, '') is null then null
            when nullif(entry.jsonPayload.responseCode, '') is null then 'query'
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
        {{ ocsf_identity_columns('gcp_dns', 'Cloud DNS', 'Google', uid='entry.insertId', code='rcode') }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'cast(null as varchar)') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        rcode as status_code,
        -- network
        case when {{ is_ip('query.sourceIP') }} then query.sourceIP end as src_endpoint_ip,
        instance_name as src_endpoint_hostname,
        coalesce(
            'projects/' || query.vmProjectId || '/zones/' || query.vmZoneName || '/instances/' || instance_name,
            nullif(query.vmInstanceIdString, ''),
            nullif(query.vmInstanceId, '')
        ) as src_endpoint_instance_uid,
        nullif(query.sourceNetwork, '') as src_endpoint_vpc_uid,
        case when {{ is_ip('query.destinationIP') }} then query.destinationIP end as dst_endpoint_ip,
        'Cloud DNS' as dst_endpoint_svc_name,
        -- api and cloud
        'GCP' as cloud_provider,
        coalesce(nullif(label.project_id, ''), nullif(regexp_extract(entry.logName, '^projects/([^/]+)', 1), '')) as cloud_account_uid,
        nullif(label.location, '') as cloud_region,
        nullif(label.target_name, '') as resource_uid,
        nullif(label.target_name, '') as resource_name,
        case when label.target_name <> '' then nullif(label.target_type, '') end as resource_type,
        {{ json_of({
            'receiveTimestamp': 'entry.receiveTimestamp', 'labels': 'entry.labels', 'resourceLabels': 'entry.resource.labels',
            'jsonPayload': json_without(json_text('raw', 'jsonPayload'), [
                'queryName', 'queryType', 'responseCode', 'protocol', 'rdata', 'structuredRdata', 'sourceIP', 'destinationIP',
                'sourceNetwork', 'vmProjectId', 'vmZoneName', 'vmInstanceName',
            ]),
        }) }} as unmapped,
        -- class extras: the query and its answer
        hostname as query_hostname,
        query.queryType as query_type,
        {{ dns_rcode_id('rcode') }} as rcode_id,
        {{ dns_rcode_name('rcode') }} as rcode,
        coalesce(
            {{ list_map('query.structuredRdata', struct_of({
                'rdata': 'item.rvalue', 'type': 'item.type', 'class': 'item.class', 'ttl': 'try_cast(item.ttl as bigint)',
            })) }},
            {{ list_map('lines', struct_of({
                'rdata': list_item('split(item, chr(9))', 5), 'type': 'upper(' ~ list_item('split(item, chr(9))', 4) ~ ')',
                'class': list_item('split(item, chr(9))', 3), 'ttl': 'try_cast(' ~ list_item('split(item, chr(9))', 2) ~ ' as bigint)',
            })) }}
        ) as answers,
        -- class extras: the connection
        cast(case transport when 'TCP' then 6 when 'UDP' then 17 end as integer) as protocol_num,
        case transport when 'TCP' then 'tcp' when 'UDP' then 'udp' end as protocol_name
    from classified

)

select * from final
