with

{{ lineage_facts() }},

{{ lineage_run_pulls() }},

pushed_before as (

    select
        opened.repository || '#' || opened.pull_request as to_uid,
        pushes.vendor_uid as from_uid,
        opened.time_dt,
        opened.event_date,
        {{ list_of(['pushes.event_uid', 'opened.event_uid']) }} as evidence,
        row_number() over (partition by opened.event_uid order by pushes.time_dt desc, pushes.event_uid asc) as place
    from events as opened
    inner join pushes
        on
            opened.repository = pushes.repository
            and opened.actor_name = pushes.actor_name
            and pushes.operation = 'git.push'
            and opened.time_dt >= pushes.time_dt
            and pushes.time_dt > opened.time_dt - interval '30' minute
    where opened.kind = 'pull_request_opened' and opened.pull_request is not null

),

push_pull as (

    select
        'push' as from_kind,
        'pull_request' as to_kind,
        from_uid,
        to_uid,
        'repository_actor_and_time' as method,
        cast(0.5 as double) as confidence,
        time_dt,
        event_date,
        evidence
    from pushed_before
    where place = 1

),

push_commit as (

    select
        'push' as from_kind,
        'commit' as to_kind,
        vendor_uid as from_uid,
        revision as to_uid,
        'after_revision' as method,
        cast(1 as double) as confidence,
        time_dt,
        event_date,
        {{ list_of(['event_uid']) }} as evidence
    from pushes
    where revision is not null

),

commit_run as (

    select
        'commit' as from_kind,
        'workflow_run' as to_kind,
        revision as from_uid,
        run_uid as to_uid,
        'head_sha' as method,
        cast(1 as double) as confidence,
        time_dt,
        event_date,
        {{ list_of(['event_uid']) }} as evidence
    from runs
    where revision is not null

),

pull_run as (

    select
        'pull_request' as from_kind,
        'workflow_run' as to_kind,
        repository || '#' || pull_request as from_uid,
        run_uid as to_uid,
        method,
        confidence,
        run_dt as time_dt,
        run_date as event_date,
        {{ list_of(['merge_event_uid', 'run_event_uid']) }} as evidence
    from run_pulls

),

run_session as (

    select
        'workflow_run' as from_kind,
        'role_session' as to_kind,
        run_uid as from_uid,
        session_uid as to_uid,
        method,
        confidence,
        session_dt as time_dt,
        session_date as event_date,
        {{ list_of(['run_event_uid', 'session_event_uid']) }} as evidence
    from session_runs

),

subject_session as (

    select
        'oidc_subject' as from_kind,
        'role_session' as to_kind,
        oidc_subject as from_uid,
        session_uid as to_uid,
        'token_subject' as method,
        cast(1 as double) as confidence,
        time_dt,
        event_date,
        {{ list_of(['event_uid']) }} as evidence
    from entries

),

session_session as (

    select
        'role_session' as from_kind,
        'role_session' as to_kind,
        entry_uid as from_uid,
        session_uid as to_uid,
        'access_key' as method,
        cast(1 as double) as confidence,
        time_dt,
        event_date,
        {{ list_of(['event_uid']) }} as evidence
    from onward

),

pipeline_calls as (

    select
        changes.*,
        pipeline_sessions.session_uid as used_uid
    from events as changes
    inner join pipeline_sessions
        on
            changes.credential_uid = pipeline_sessions.session_uid
            and changes.time_dt >= pipeline_sessions.time_dt
            and changes.time_dt < pipeline_sessions.time_dt + interval '12' hour
    where changes.kind = 'change'

),

session_call as (

    select
        'role_session' as from_kind,
        'api_call' as to_kind,
        used_uid as from_uid,
        vendor_uid as to_uid,
        'access_key' as method,
        cast(1 as double) as confidence,
        time_dt,
        event_date,
        {{ list_of(['event_uid']) }} as evidence
    from pipeline_calls

),

call_resource as (

    select
        'api_call' as from_kind,
        'resource' as to_kind,
        vendor_uid as from_uid,
        resource_uid as to_uid,
        'request' as method,
        cast(1 as double) as confidence,
        time_dt,
        event_date,
        {{ list_of(['event_uid']) }} as evidence
    from pipeline_calls

),

together as (

    select * from push_pull
    union all
    select * from push_commit
    union all
    select * from commit_run
    union all
    select * from pull_run
    union all
    select * from run_session
    union all
    select * from subject_session
    union all
    select * from session_session
    union all
    select * from session_call
    union all
    select * from call_resource

),

proofs as (

    select
        from_kind,
        from_uid,
        to_kind,
        to_uid,
        method,
        confidence,
        time_dt,
        event_date,
        {{ one_row_each('evidence') }} as event_uid
    from together
    where from_uid is not null and to_uid is not null

),

final as (

    select
        {{ sha256_hex(entity_key(['from_kind', 'from_uid', 'to_kind', 'to_uid', 'method'])) }} as edge_uid,
        from_kind,
        from_uid,
        to_kind,
        to_uid,
        method,
        max(confidence) as confidence,
        min(time_dt) as first_seen_dt,
        {{ distinct_texts('event_uid', 1000) }} as evidence_event_uids,
        event_date
    from proofs
    group by from_kind, from_uid, to_kind, to_uid, method, event_date

)

select * from final
