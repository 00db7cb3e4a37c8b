{{ routes_to(['process_activity', 'base_event']) }}

{# https://osquery.readthedocs.io/en/stable/deployment/logging/; tables processes, process_events, es_process_events, bpf_process_events #}
{% set result_fields = {
    'name': 'string', 'action': 'string', 'hostIdentifier': 'string', 'hostname': 'string', 'message': 'string', 'severity': 'string',
    'columns': {
        'pid': 'string', 'path': 'string', 'name': 'string', 'cmdline': 'string', 'parent': 'string', 'parent_path': 'string', 'uid': 'string',
        'username': 'string', 'sha256': 'string', 'exit_code': 'string', 'cwd': 'string',
    },
    'decorations': {'host_uuid': 'string', 'hostname': 'string'}, 'snapshot': 'json', 'diffResults': 'json',
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'osquery')) }}

),

kinds as (

    select * from {{ ref('osquery') }}

),

parsed as (

    select
        records.*,
        {{ parse_json('raw', result_fields) }} as result
    from records

),

opened as (

    select
        parsed.*,
        result.columns as found,
        coalesce(result.decorations.hostname, result.hostIdentifier, result.hostname) as host,
        -- the query's name is the operator's: what its rows hold says what they are
        case
            when result.name is null then 'status'
            when result.snapshot is not null then 'snapshot'
            when result.diffResults is not null then 'batch'
            when result.columns.pid is not null and result.columns.path is not null
                then case result.action when 'removed' then 'process_removed' else 'process_added' end
            else result.action
        end as kind
    from parsed

),

matched as (

    select
        opened.*,
        regexp_extract(found.path, '([^/\\]+)$', 1) as program,
        kinds.class_uid as kind_class,
        kinds.activity_id as kind_activity
    from opened
    left join kinds on opened.kind = kinds.kind

),

classified as (

    select
        matched.*,
        case
            when kind_class = 1007 and coalesce(nullif(found.name, ''), nullif(program, '')) is null then 0 else coalesce(kind_class, 0)
        end
            as to_class,
        case
            when kind_class = 1007 and coalesce(nullif(found.name, ''), nullif(program, '')) is null then 99 else
                coalesce(kind_activity, 99)
        end
            as to_activity
    from matched

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            'osquery', 'osquery', 'osquery', uid='event_uid', code='coalesce(result.name, kind)', profiles=['datetime'],
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'kind') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(case when to_class = 0 then 0 else 1 end as integer) as status_id,
        case when to_class = 0 then 'Unknown' else 'Success' end as status,
        result.message,
        -- actor
        found.username as actor_user_name,
        found.uid as actor_user_uid,
        case when coalesce(found.username, found.uid) is not null then 'User' end as actor_user_type,
        cast(case when coalesce(found.username, found.uid) is not null then 1 end as integer) as actor_user_type_id,
        case when coalesce(found.username, found.uid) is null then 'osquery' end as actor_app_name,
        host as resource_uid,
        host as resource_name,
        case when host is not null then 'host' end as resource_type,
        case when to_class = 0 then {{ json_without('raw', ['unixTime', 'calendarTime', 'hostIdentifier']) }} end as unmapped,
        -- class extras: the process
        host as device_hostname,
        result.decorations.host_uuid as device_uid,
        try_cast(found.pid as bigint) as process_pid,
        coalesce(nullif(found.name, ''), nullif(program, '')) as process_name,
        nullif(found.path, '') as process_file_path,
        found.sha256 as process_file_sha256,
        nullif(found.cmdline, '') as process_cmd_line,
        found.uid as process_user_uid,
        found.username as process_user_name,
        try_cast(found.parent as bigint) as parent_process_pid,
        nullif(regexp_extract(found.parent_path, '([^/]+)$', 1), '') as parent_process_name,
        try_cast(found.exit_code as bigint) as exit_code
    from classified

)

select * from final
