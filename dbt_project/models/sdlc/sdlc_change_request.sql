{{ config(materialized='lake_view') }}

with

events as (

    select * from {{ ref('rollup_sdlc_event') }}

),

placed as (

    select
        events.*,
        row_number() over (
            partition by vcs_provider, vcs_repository_name, vcs_change_uid
            order by time_dt, event_uid
        ) as place
    from events
    where vcs_change_uid is not null and not coalesce(is_failure and sdlc_event_type like 'change.%', false)

),

changes as (

    select
        vcs_provider,
        vcs_repository_name,
        vcs_change_uid,
        {{ latest('vcs_repository_uid') }} as vcs_repository_uid,
        {{ latest('vcs_change_title') }} as vcs_change_title,
        {{ latest('vcs_change_author') }} as vcs_change_author,
        coalesce(
            {{ latest('vcs_change_state') }},
            case when bool_or(sdlc_event_type = 'change.merged') then 'merged' else 'open' end
        ) as vcs_change_state,
        {{ latest("case when sdlc_event_type like 'change.%' then vcs_ref_name end") }} as vcs_ref_name,
        {{ latest('vcs_base_name') }} as vcs_base_name,
        -- the head: a review may be of a commit before it, as may a run for the change
        coalesce(
            {{ latest("case when sdlc_event_type like 'change.%' and sdlc_event_type <> 'change.reviewed' then vcs_ref_revision end") }},
            {{ latest("case when sdlc_event_type = 'change.reviewed' then vcs_ref_revision end") }},
            {{ latest('vcs_ref_revision') }}
        ) as vcs_ref_revision,
        {{ latest('vcs_merge_revision') }} as vcs_merge_revision,
        min(case when sdlc_event_type = 'change.created' then time_dt end) as opened_dt,
        min(case when sdlc_event_type = 'change.merged' then time_dt end) as merged_dt,
        {{ latest("case when sdlc_event_type = 'change.merged' then actor_user_name end") }} as merged_by,
        {{ distinct_texts('cicd_run_uid') }} as run_uids,
        min(time_dt) as first_seen_dt,
        max(time_dt) as last_seen_dt,
        {{ evidence() }}
    from placed
    group by vcs_provider, vcs_repository_name, vcs_change_uid

),

-- a comment on GitHub takes back no verdict; of one time, as the API tells a review, what is dismissed was so after it was said
spoken as (

    select
        placed.*,
        row_number() over (
            partition by vcs_provider, vcs_repository_name, vcs_change_uid, actor_user_name
            order by
                case when vcs_provider = 'github' and vcs_review_state = 'commented' then 0 else 1 end,
                time_dt,
                case when vcs_review_state = 'dismissed' then 1 else 0 end,
                event_uid
        ) as turn
    from placed
    where sdlc_event_type = 'change.reviewed' and actor_user_name is not null

),

-- what each reviewer said last; a source that does not tell what was said leaves it at submitted
verdicts as (

    select
        vcs_provider,
        vcs_repository_name,
        vcs_change_uid,
        actor_user_name as reviewer,
        coalesce({{ latest('vcs_review_state', 'turn') }}, 'submitted') as state,
        {{ latest('vcs_ref_revision', 'turn') }} as revision,
        max_by(time_dt, turn) as reviewed_dt
    from spoken
    group by vcs_provider, vcs_repository_name, vcs_change_uid, actor_user_name

),

-- when a source last told all of a change's reviewers
listed as (

    select
        vcs_provider,
        vcs_repository_name,
        vcs_change_uid,
        max(time_dt) as listed_dt
    from placed
    where sdlc_event_type = 'change.reviewed' and vcs_review_state = 'listed'
    group by vcs_provider, vcs_repository_name, vcs_change_uid

),

standing as (

    select
        verdicts.vcs_provider,
        verdicts.vcs_repository_name,
        verdicts.vcs_change_uid,
        verdicts.reviewer,
        -- whom a later list leaves out has taken the approval back
        case when verdicts.state = 'approved' and verdicts.reviewed_dt < listed.listed_dt then 'dismissed' else verdicts.state end as state,
        verdicts.revision,
        verdicts.reviewed_dt
    from verdicts
    left join listed
        on
            verdicts.vcs_provider = listed.vcs_provider
            and verdicts.vcs_repository_name = listed.vcs_repository_name
            and verdicts.vcs_change_uid = listed.vcs_change_uid

),

numbered_verdicts as (

    select
        standing.*,
        -- GitLab and Azure DevOps can let authors approve what is their own: that is no second pair of eyes
        standing.state = 'approved' and lower(standing.reviewer) <> coalesce(lower(changes.vcs_change_author), '') as is_approval,
        row_number() over (
            partition by standing.vcs_provider, standing.vcs_repository_name, standing.vcs_change_uid
            order by standing.reviewed_dt, standing.reviewer
        ) as place
    from standing
    left join changes
        on
            coalesce(standing.vcs_provider, '') = coalesce(changes.vcs_provider, '')
            and coalesce(standing.vcs_repository_name, '') = coalesce(changes.vcs_repository_name, '')
            and standing.vcs_change_uid = changes.vcs_change_uid

),

reviews as (

    select
        vcs_provider,
        vcs_repository_name,
        vcs_change_uid,
        {{ rows_by_position(
            {'reviewer': 'reviewer', 'state': 'state', 'revision': 'revision', 'reviewed_dt': 'reviewed_dt'}, 'place', 'true',
        ) }} as reviews,
        count(case when is_approval then 1 end) as approvals,
        {{ distinct_texts('case when is_approval then reviewer end') }} as approved_by
    from numbered_verdicts
    group by vcs_provider, vcs_repository_name, vcs_change_uid

),

-- runs and jobs for the change, or for the commit that is its head
ran as (

    select
        vcs_provider,
        vcs_repository_name,
        vcs_change_uid,
        coalesce(cicd_task_name, cicd_pipeline_name) as name,
        cicd_pipeline_name as pipeline,
        cicd_run_uid,
        cicd_run_attempt,
        cicd_run_result,
        time_dt,
        event_uid
    from events
    where
        vcs_change_uid is not null
        and (sdlc_event_type like 'pipelinerun.%' or sdlc_event_type like 'taskrun.%')
    union all
    select
        changes.vcs_provider,
        changes.vcs_repository_name,
        changes.vcs_change_uid,
        coalesce(events.cicd_task_name, events.cicd_pipeline_name) as name,
        events.cicd_pipeline_name as pipeline,
        events.cicd_run_uid,
        events.cicd_run_attempt,
        events.cicd_run_result,
        events.time_dt,
        events.event_uid
    from changes
    inner join events
        on
            changes.vcs_provider = events.vcs_provider
            and changes.vcs_repository_name = events.vcs_repository_name
            and substr(changes.vcs_ref_revision, 1, 12) = substr(events.vcs_ref_revision, 1, 12)
    where
        -- Bitbucket tells the first 12 digits of a pull request's commits
        (changes.vcs_ref_revision = events.vcs_ref_revision or length(changes.vcs_ref_revision) = 12)
        and (events.sdlc_event_type like 'pipelinerun.%' or events.sdlc_event_type like 'taskrun.%')

),

dated_runs as (

    select
        ran.*,
        max(time_dt) over (
            partition by vcs_provider, vcs_repository_name, vcs_change_uid, name, pipeline, coalesce(cicd_run_uid, event_uid)
        ) as last_told_dt
    from ran
    where name is not null

),

-- the run that was told of last, and of that the last attempt, whatever its clock says
placed_runs as (

    select
        dated_runs.*,
        row_number() over (
            partition by vcs_provider, vcs_repository_name, vcs_change_uid, name, pipeline
            order by last_told_dt, coalesce(cicd_run_uid, ''), coalesce(cicd_run_attempt, 1), time_dt, event_uid
        ) as turn
    from dated_runs

),

-- pipelines have jobs of one name
outcomes as (

    select
        vcs_provider,
        vcs_repository_name,
        vcs_change_uid,
        name,
        pipeline,
        {{ latest('cicd_run_result', 'turn') }} as result,
        {{ latest('cicd_run_uid', 'turn') }} as run_uid,
        row_number() over (
            partition by vcs_provider, vcs_repository_name, vcs_change_uid
            order by name, coalesce(pipeline, '')
        ) as place
    from placed_runs
    group by vcs_provider, vcs_repository_name, vcs_change_uid, name, pipeline

),

checks as (

    select
        vcs_provider,
        vcs_repository_name,
        vcs_change_uid,
        {{ rows_by_position(
            {'name': 'name', 'result': 'result', 'run_uid': 'run_uid', 'pipeline': 'pipeline'}, 'place', 'true',
        ) }} as checks
    from outcomes
    group by vcs_provider, vcs_repository_name, vcs_change_uid

),

final as (

    select
        changes.vcs_provider,
        changes.vcs_repository_name,
        changes.vcs_change_uid,
        changes.vcs_repository_uid,
        changes.vcs_change_title,
        changes.vcs_change_author,
        changes.vcs_change_state,
        changes.vcs_ref_name,
        changes.vcs_base_name,
        changes.vcs_ref_revision,
        changes.vcs_merge_revision,
        changes.opened_dt,
        changes.merged_dt,
        changes.merged_by,
        coalesce(reviews.approvals, 0) as approvals,
        coalesce(reviews.approved_by, {{ no_texts() }}) as approved_by,
        reviews.reviews,
        checks.checks,
        changes.run_uids,
        changes.first_seen_dt,
        changes.last_seen_dt,
        changes.sources,
        changes.evidence_event_uids,
        changes.evidence_count
    from changes
    left join reviews
        on
            coalesce(changes.vcs_provider, '') = coalesce(reviews.vcs_provider, '')
            and coalesce(changes.vcs_repository_name, '') = coalesce(reviews.vcs_repository_name, '')
            and changes.vcs_change_uid = reviews.vcs_change_uid
    left join checks
        on
            coalesce(changes.vcs_provider, '') = coalesce(checks.vcs_provider, '')
            and coalesce(changes.vcs_repository_name, '') = coalesce(checks.vcs_repository_name, '')
            and changes.vcs_change_uid = checks.vcs_change_uid

)

select * from final
