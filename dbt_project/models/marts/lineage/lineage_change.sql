with

{{ lineage_facts() }},

{{ lineage_run_pulls() }},

-- the run of a session: the one that its name decides, else the likeliest, the latest begun
chosen_runs as (

    select
        session_runs.session_uid,
        session_runs.run_uid,
        session_runs.method,
        session_runs.confidence,
        session_runs.run_event_uid,
        session_runs.session_event_uid,
        row_number() over (
            partition by session_runs.session_uid order by session_runs.confidence desc, runs.time_dt desc, session_runs.run_uid asc
        ) as place,
        runs.repository,
        runs.ref_name,
        runs.revision,
        runs.run_trigger,
        runs.pipeline_name,
        runs.actor_name as starter_name
    from session_runs
    left join runs
        on
            session_runs.run_uid = runs.run_uid
            and runs.time_dt <= session_runs.session_dt + interval '5' second
            and runs.time_dt > session_runs.session_dt - interval '7' day

),

run_approvers as (

    select
        chosen_runs.session_uid,
        {{ distinct_texts('approvals.actor_name') }} as approver_names
    from chosen_runs
    inner join entries on chosen_runs.session_uid = entries.session_uid
    inner join events as approvals
        on
            chosen_runs.run_uid = approvals.run_uid
            and approvals.kind = 'run_approved'
            and approvals.time_dt <= entries.time_dt + interval '5' second
            and approvals.time_dt > entries.time_dt - interval '7' day
    where chosen_runs.place = 1
    group by chosen_runs.session_uid

),

pull_people as (

    select
        run_pulls.run_uid,
        run_pulls.merge_event_uid,
        min(case when people.kind = 'pull_request_opened' then people.actor_name end) as author,
        {{ distinct_texts("case when people.kind = 'pull_request_reviewed' then people.actor_name end") }} as reviewer_names
    from run_pulls
    inner join events as people
        on
            run_pulls.repository = people.repository
            and run_pulls.pull_request = people.pull_request
            and people.kind in ('pull_request_opened', 'pull_request_reviewed')
            and run_pulls.merge_dt >= people.time_dt
            and people.time_dt > run_pulls.merge_dt - interval '10' day
    group by run_pulls.run_uid, run_pulls.merge_event_uid

),

sourced as (

    select
        changes.*,
        pipeline_sessions.session_uid as used_uid,
        entries.oidc_subject as token_subject,
        entries.token_repository,
        entries.event_uid as entry_event_uid,
        chosen_runs.run_uid as of_run_uid,
        chosen_runs.method as run_method,
        chosen_runs.confidence as run_confidence,
        chosen_runs.run_event_uid,
        coalesce(chosen_runs.repository, entries.token_repository) as of_repository,
        coalesce(chosen_runs.ref_name, entries.token_ref) as of_ref,
        chosen_runs.revision as of_revision,
        chosen_runs.run_trigger as of_trigger,
        chosen_runs.pipeline_name as of_pipeline,
        chosen_runs.starter_name,
        row_number() over (
            partition by changes.event_uid order by pipeline_sessions.time_dt desc, pipeline_sessions.session_uid asc
        ) as place
    from events as changes
    left join pipeline_sessions
        on
            changes.credential_uid = pipeline_sessions.session_uid
            and changes.time_dt >= pipeline_sessions.time_dt
            and changes.time_dt < pipeline_sessions.time_dt + interval '12' hour
    left join entries on pipeline_sessions.entry_uid = entries.session_uid
    left join chosen_runs on entries.session_uid = chosen_runs.session_uid and chosen_runs.place = 1
    where changes.kind = 'change'

),

final as (

    select
        sourced.vendor_uid as change_uid,
        sourced.event_uid,
        sourced.source,
        sourced.time_dt,
        sourced.cloud_provider,
        sourced.account_uid as cloud_account_uid,
        sourced.region as cloud_region,
        sourced.service_name as api_service_name,
        sourced.operation as api_operation,
        sourced.activity_name,
        sourced.resource_uid,
        sourced.resource_name,
        sourced.resource_type,
        sourced.actor_name as actor_user_name,
        sourced.actor_uid as actor_user_uid,
        -- where it comes from: a token of a pipeline, a person's own session, a service; else nothing on record says it
        case
            when sourced.used_uid is not null then 'pipeline'
            when sourced.actor_type in ('Root', 'IdentityCenterUser', 'SAMLUser') then 'person'
            when sourced.actor_issuer like '%/aws-reserved/sso.amazonaws.com/%' or sourced.actor_issuer like '%/AWSReservedSSO_%'
                then 'person'
            when sourced.actor_type = 'AssumedRole' and sourced.actor_uid like '%@%' then 'person'
            when sourced.actor_is_mfa then 'person'
            when sourced.actor_type = 'AWSService' or sourced.actor_invoked_by is not null then 'service'
            when sourced.actor_issuer like '%/aws-service-role/%' then 'service'
            when sourced.actor_type = 'AssumedRole' and regexp_extract(sourced.actor_uid, '/(i-[0-9a-f]+)$', 1) <> '' then 'service'
            else 'unknown'
        end as origin,
        sourced.credential_uid as session_uid,
        sourced.token_subject as oidc_subject,
        sourced.of_run_uid as run_uid,
        sourced.run_method,
        sourced.run_confidence,
        sourced.of_repository as repository,
        sourced.of_ref as ref_name,
        sourced.of_revision as revision,
        sourced.of_trigger as run_trigger,
        sourced.of_pipeline as pipeline_name,
        sourced.starter_name,
        run_pulls.pull_request,
        run_pulls.method as pull_request_method,
        run_pulls.confidence as pull_request_confidence,
        pull_people.author,
        run_pulls.merger_name,
        pull_people.reviewer_names,
        run_approvers.approver_names,
        {{ list_where(list_of([
            'sourced.event_uid', 'sourced.entry_event_uid', 'sourced.run_event_uid', 'run_pulls.merge_event_uid',
        ]), 'item is not null') }} as evidence_event_uids,
        sourced.event_date
    from sourced
    left join run_pulls on sourced.of_run_uid = run_pulls.run_uid and sourced.of_repository = run_pulls.repository
    left join pull_people on run_pulls.run_uid = pull_people.run_uid and run_pulls.merge_event_uid = pull_people.merge_event_uid
    left join entries on sourced.entry_event_uid = entries.event_uid
    left join run_approvers on entries.session_uid = run_approvers.session_uid
    where sourced.place = 1

)

select * from final
