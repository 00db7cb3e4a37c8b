{{ routes_to(['process_activity', 'network_activity', 'base_event']) }}

{# https://tetragon.io/docs/reference/grpc-api/ #}
{% set process = {
    'exec_id': 'string', 'pid': 'string', 'uid': 'string', 'cwd': 'string', 'binary': 'string', 'arguments': 'string', 'flags': 'string',
    'auid': 'string', 'docker': 'string', 'process_credentials': {'uid': 'string'},
    'pod': {
        'namespace': 'string', 'name': 'string',
        'container': {'id': 'string', 'name': 'string', 'image': {'id': 'string', 'name': 'string'}},
    },
} %}
{% set event_fields = {
    'process': process, 'parent': process, 'status': 'string', 'signal': 'string', 'time': 'string', 'function_name': 'string',
    'policy_name': 'string', 'action': 'string', 'args': 'json', 'message': 'string', 'subsys': 'string', 'event': 'string',
    'source_ip': 'string', 'source_port': 'string', 'destination_ip': 'string', 'destination_port': 'string', 'protocol': 'string',
    'ip': 'string', 'port': 'string', 'stats': {'bytes_sent': 'string', 'bytes_received': 'string'},
    'destination_pod': {'namespace': 'string', 'name': 'string'}, 'destination_names': ['string'],
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'tetragon')) }}

),

kinds as (

    select * from {{ ref('tetragon') }}

),

named as (

    select
        records.*,
        {{ list_item(list_where(json_members('raw'), "item.name like 'process%'"), 1) }} as member,
        {{ json_text('raw', 'node_name') }} as node
    from records

),

parsed as (

    select
        named.*,
        member.name as kind,
        {{ parse_json('member.value', event_fields) }} as event
    from named

),

opened as (

    select
        parsed.*,
        event.process,
        event.parent,
        regexp_extract(event.process.binary, '([^/]+)$', 1) as program,
        regexp_extract(event.parent.binary, '([^/]+)$', 1) as parent_program,
        regexp_replace(event.process.pod.container.id, '^[a-z]+://', '') as container,
        nullif(regexp_extract(event.process.pod.container.image.id, '@(sha256:[0-9a-f]{64})', 1), '') as image_digest
    from parsed

),

matched as (

    select
        opened.*,
        kinds.class_uid as kind_class,
        kinds.activity_id as kind_activity
    from opened
    left join kinds on opened.kind = kinds.kind

),

classified as (

    select
        matched.*,
        -- a process without a program, and a connection without an end, lack what their class requires
        case
            when kind_class = 1007 and nullif(program, '') is null then 0
            when kind_class = 4001 and coalesce(event.source_ip, event.destination_ip, event.ip) is null then 0
            else coalesce(kind_class, 0)
        end as to_class,
        case
            when kind_class = 1007 and nullif(program, '') is null then 99
            when kind_class = 4001 and coalesce(event.source_ip, event.destination_ip, event.ip) is null then 99
            else coalesce(kind_activity, 99)
        end as to_activity
    from matched

),

judged as (

    select
        classified.*,
        case
            when to_class = 0 then 0
            -- a policy answered the call with an error, or killed the process for it
            when event.action in ('KPROBE_ACTION_OVERRIDE', 'KPROBE_ACTION_SIGKILL') then 2
            when event.action in ('KPROBE_ACTION_NOTIFYENFORCER', 'KPROBE_ACTION_NOTIFYKILLER') then 2
            else 1
        end as result
    from classified

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns('tetragon', 'Tetragon', 'Cilium', uid='event_uid', code='kind', profiles=['datetime']) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', "coalesce(event.function_name, event.event, kind)") }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        coalesce(event.action, event.signal) as status_code,
        coalesce(event.message, event.policy_name) as message,
        -- actor: whom the process is run for
        coalesce(process.process_credentials.uid, process.uid) as actor_user_uid,
        case when coalesce(process.process_credentials.uid, process.uid) is not null then 'User' end as actor_user_type,
        cast(case when coalesce(process.process_credentials.uid, process.uid) is not null then 1 end as integer) as actor_user_type_id,
        case when coalesce(process.process_credentials.uid, process.uid) is null then 'Tetragon' end as actor_app_name,
        -- network, of versions before 0.8
        case when {{ is_ip('coalesce(event.source_ip, event.ip)') }} then coalesce(event.source_ip, event.ip) end as src_endpoint_ip,
        try_cast(coalesce(event.source_port, event.port) as integer) as src_endpoint_port,
        case when to_class = 4001 then node end as src_endpoint_hostname,
        case when {{ is_ip('event.destination_ip') }} then event.destination_ip end as dst_endpoint_ip,
        try_cast(event.destination_port as integer) as dst_endpoint_port,
        {{ list_item('event.destination_names', 1) }} as dst_endpoint_hostname,
        case when to_class = 4001 then lower(event.protocol) end as protocol_name,
        -- whose process it is that connects, or waits
        cast(
            case when to_class = 4001 then case kind when 'process_listen' then 1 when 'process_connect' then 2 else 0 end end as integer
        ) as direction_id,
        case
            when to_class = 4001
                then case kind when 'process_listen' then 'Inbound' when 'process_connect' then 'Outbound' else 'Unknown' end
        end as direction,
        case
            when to_class = 4001 then try_cast(event.stats.bytes_sent as bigint) + try_cast(event.stats.bytes_received as bigint)
        end as traffic_bytes,
        process.exec_id as resource_uid,
        program as resource_name,
        case when process.exec_id is not null then 'process' end as resource_type,
        case
            when to_class = 0 then raw
            else {{ json_of({'args': 'event.args', 'member': json_without('member.value', ['process', 'parent', 'args'])}) }}
        end as unmapped,
        -- class extras: the process
        node as device_hostname,
        process.exec_id as process_uid,
        try_cast(process.pid as bigint) as process_pid,
        nullif(program, '') as process_name,
        process.binary as process_file_path,
        concat_ws(' ', process.binary, nullif(process.arguments, '')) as process_cmd_line,
        coalesce(process.process_credentials.uid, process.uid) as process_user_uid,
        parent.exec_id as parent_process_uid,
        try_cast(parent.pid as bigint) as parent_process_pid,
        nullif(parent_program, '') as parent_process_name,
        try_cast(event.status as bigint) as exit_code,
        coalesce(container, process.docker) as container_uid,
        process.pod.container.name as container_name,
        process.pod.container.image.name as container_image_name,
        image_digest as container_image_digest,
        process.pod.name as pod_name,
        process.pod.namespace as pod_namespace
    from judged

)

select * from final
