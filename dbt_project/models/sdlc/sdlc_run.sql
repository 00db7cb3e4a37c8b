{{ config(materialized='lake_view') }}

with

events as (

    select * from {{ ref('rollup_sdlc_event') }}

),

placed as (

    select
        events.*,
        sdlc_event_type like 'taskrun.%' as is_task,
        -- an attempt's events follow those of the attempt before it, whatever their clocks say
        row_number() over (
            partition by cicd_provider, cicd_run_uid
            order by coalesce(cicd_run_attempt, 1), time_dt, event_uid
        ) as place
    from events
    -- whoever forges a statement can name any run in it
    where cicd_run_uid is not null and coalesce(provenance_verified, true)

),

tasks as (

    select
        cicd_provider,
        cicd_run_uid,
        coalesce(cicd_run_attempt, 1) as attempt,
        coalesce(cicd_task_uid, cicd_task_name) as task,
        {{ latest('cicd_task_name') }} as name,
        {{ latest('cicd_run_result') }} as result,
        {{ latest('cicd_runner_type') }} as runner_type,
        {{ latest('cicd_environment_name') }} as environment,
        min(start_time_dt) as started_dt,
        max(end_time_dt) as ended_dt
    from placed
    where is_task and coalesce(cicd_task_uid, cicd_task_name) is not null
    group by cicd_provider, cicd_run_uid, coalesce(cicd_run_attempt, 1), coalesce(cicd_task_uid, cicd_task_name)

),

numbered_tasks as (

    select
        tasks.*,
        row_number() over (
            partition by cicd_provider, cicd_run_uid
            order by attempt, started_dt, task
        ) as place
    from tasks

),

jobs as (

    select
        cicd_provider,
        cicd_run_uid,
        {{ rows_by_position({
            'attempt': 'attempt', 'uid': 'task', 'name': 'name', 'result': 'result', 'runner_type': 'runner_type',
            'environment': 'environment', 'started_dt': 'started_dt', 'ended_dt': 'ended_dt',
        }, 'place', 'true') }} as jobs
    from numbered_tasks
    group by cicd_provider, cicd_run_uid

),

-- how each part of a run ended last: a run is one part, but of providers whose runs end by workflows, which name themselves
parts as (

    select
        cicd_provider,
        cicd_run_uid,
        max_by(cicd_run_result, place) as result,
        max_by(coalesce(is_failure, false), place) as is_failed,
        max(place) as place
    from placed
    where not coalesce(is_task, false) and cicd_run_result is not null
    group by cicd_provider, cicd_run_uid, cicd_task_name

),

-- a part that failed is the run's result, whatever ended after it
results as (

    select
        cicd_provider,
        cicd_run_uid,
        coalesce(max_by(result, place) filter (where is_failed), max_by(result, place)) as cicd_run_result
    from parts
    group by cicd_provider, cicd_run_uid

),

runs as (

    select
        cicd_provider,
        cicd_run_uid,
        {{ latest('vcs_provider') }} as vcs_provider,
        {{ latest('vcs_repository_name') }} as vcs_repository_name,
        {{ latest('vcs_repository_uid') }} as vcs_repository_uid,
        {{ latest('cicd_pipeline_name') }} as cicd_pipeline_name,
        {{ latest('cicd_pipeline_path') }} as cicd_pipeline_path,
        {{ latest('cicd_trigger') }} as cicd_trigger,
        {{ latest('vcs_ref_name') }} as vcs_ref_name,
        {{ latest('vcs_ref_revision') }} as vcs_ref_revision,
        {{ latest('vcs_change_uid') }} as vcs_change_uid,
        min_by(actor_user_name, place) filter (where sdlc_event_type like 'pipelinerun.%' and actor_user_name is not null) as triggered_by,
        cast(max(coalesce(cicd_run_attempt, 1)) as integer) as attempts,
        coalesce(min(case when not coalesce(is_task, false) then start_time_dt end), min(time_dt)) as started_dt,
        max(case when sdlc_event_type like 'pipelinerun.%' then end_time_dt end) as ended_dt,
        {{ distinct_texts('cicd_environment_name') }} as environment_names,
        {{ distinct_texts('artifact_digest') }} as artifact_digests,
        min(time_dt) as first_seen_dt,
        max(time_dt) as last_seen_dt,
        {{ evidence() }}
    from placed
    group by cicd_provider, cicd_run_uid

),

final as (

    select
        runs.cicd_provider,
        runs.cicd_run_uid,
        runs.vcs_provider,
        runs.vcs_repository_name,
        runs.vcs_repository_uid,
        runs.cicd_pipeline_name,
        runs.cicd_pipeline_path,
        runs.cicd_trigger,
        runs.vcs_ref_name,
        runs.vcs_ref_revision,
        runs.vcs_change_uid,
        runs.triggered_by,
        runs.attempts,
        -- of the last attempt: a job's result is not the run's
        results.cicd_run_result,
        runs.started_dt,
        runs.ended_dt,
        jobs.jobs,
        runs.environment_names,
        runs.artifact_digests,
        runs.first_seen_dt,
        runs.last_seen_dt,
        runs.sources,
        runs.evidence_event_uids,
        runs.evidence_count
    from runs
    left join results on runs.cicd_provider = results.cicd_provider and runs.cicd_run_uid = results.cicd_run_uid
    left join jobs on runs.cicd_provider = jobs.cicd_provider and runs.cicd_run_uid = jobs.cicd_run_uid

)

select * from final
