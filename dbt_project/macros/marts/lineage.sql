{#
    What both lineage marts know: the CTEs from `events` to `session_runs`, to stand after `with`. Every join looks back
    only, and no further than these bounds allow, so that a day's rows do not depend on which days are computed with it:
    a session's key is used for half a day, a session is taken on at most once more (a role of another account), a run
    is named by its id for a week and found by its subject for two days, a pull request is open for ten.

    session_runs.method: `session_name` where the role session's name holds the id of a run of the token's repository;
    else `subject_and_time`: the runs that the token's subject fits and that had begun and not ended. Of several each
    gets its share of the confidence.
#}
{% macro lineage_facts() -%}
events as (

    select
        kind,
        event_uid,
        vendor_uid,
        time_dt,
        event_date,
        {%- for column in lineage_columns() %}
        min({{ column }}) as {{ column }},
        {%- endfor %}
        min(source) as source
    from {{ seen_rows(ref('rollup_lineage_event')) }}
    group by kind, event_uid, vendor_uid, time_dt, event_date

),

pushes as (

    select * from events where kind = 'push'

),

merged_pulls as (

    select * from events where kind = 'pull_request_merged' and pull_request is not null

),

runs as (

    select * from events where kind = 'run_created' and run_uid is not null

),

jobs as (

    select * from events where kind = 'run_job' and run_uid is not null

),

ends as (

    select
        repository,
        run_uid,
        time_dt
    from events
    where kind = 'run_completed'

),

-- sessions that a workflow's token opened, and those that these took on from there
entries as (

    select
        events.*,
        nullif(regexp_extract(oidc_subject, '^repo:([^:]+):', 1), '') as token_repository,
        nullif(regexp_extract(oidc_subject, ':environment:([^:]+)', 1), '') as token_environment,
        nullif(regexp_extract(oidc_subject, ':ref:refs/(heads|tags)/([^:]+)', 2), '') as token_ref,
        oidc_subject like '%:pull_request' as is_for_pull_request,
        nullif(regexp_extract(session_arn, '/[^/]*?([0-9]{8,20})[^/]*$', 1), '') as named_run
    from events
    where kind = 'session' and oidc_subject is not null and session_uid is not null

),

onward as (

    select
        events.*,
        entries.session_uid as entry_uid
    from events
    inner join entries
        on
            events.credential_uid = entries.session_uid
            and events.time_dt >= entries.time_dt
            and events.time_dt < entries.time_dt + interval '12' hour
    where events.kind = 'session' and events.oidc_subject is null

),

pipeline_sessions as (

    select
        session_uid,
        session_uid as entry_uid,
        time_dt
    from entries
    union all
    select
        session_uid,
        entry_uid,
        time_dt
    from onward

),

named_runs as (

    select distinct
        entries.session_uid,
        entries.time_dt as session_dt,
        entries.event_uid as session_event_uid,
        entries.event_date as session_date,
        seen.run_uid,
        first_value(seen.event_uid) over (
            partition by entries.session_uid, seen.run_uid order by seen.time_dt, seen.event_uid
        ) as run_event_uid
    from entries
    inner join events as seen
        on
            entries.named_run = seen.run_uid
            and entries.token_repository = seen.repository
            and seen.kind in ('run_created', 'run_job')
            and seen.time_dt <= entries.time_dt + interval '5' second
            and seen.time_dt > entries.time_dt - interval '7' day

),

likely_runs as (

    select distinct
        entries.session_uid,
        entries.time_dt as session_dt,
        entries.event_uid as session_event_uid,
        entries.event_date as session_date,
        runs.run_uid,
        runs.event_uid as run_event_uid
    from entries
    inner join runs
        on
            entries.token_repository = runs.repository
            and runs.time_dt <= entries.time_dt + interval '5' second
            and runs.time_dt > entries.time_dt - interval '2' day
    left join named_runs on entries.session_uid = named_runs.session_uid
    left join ends
        on
            runs.repository = ends.repository
            and runs.run_uid = ends.run_uid
            and ends.time_dt < entries.time_dt - interval '5' second
    left join jobs
        on
            runs.repository = jobs.repository
            and runs.run_uid = jobs.run_uid
            and entries.token_environment = jobs.environment_name
            and jobs.time_dt <= entries.time_dt + interval '5' second
            and jobs.time_dt > entries.time_dt - interval '2' day
    where
        named_runs.session_uid is null
        and ends.run_uid is null
        and (
            (entries.token_environment is not null and jobs.run_uid is not null)
            or (entries.token_environment is null and entries.token_ref = runs.ref_name and runs.run_trigger <> 'pull_request')
            or (entries.is_for_pull_request and runs.run_trigger = 'pull_request')
        )

),

session_runs as (

    select
        named_runs.*,
        'session_name' as method,
        cast(1 as double) as confidence
    from named_runs
    union all
    select
        likely_runs.*,
        'subject_and_time' as method,
        cast(0.8 as double) / count(*) over (partition by likely_runs.session_uid) as confidence
    from likely_runs

)
{%- endmacro %}

{# The columns of an event that are the same wherever it is seen. #}
{% macro lineage_columns() -%}
    {{ return([
        'actor_name', 'actor_uid', 'actor_type', 'actor_issuer', 'actor_is_mfa', 'actor_invoked_by', 'credential_uid',
        'cloud_provider', 'account_uid', 'region', 'service_name', 'operation', 'activity_name', 'resource_uid', 'resource_name',
        'resource_type', 'repository', 'pull_request', 'ref_name', 'revision', 'run_uid', 'run_trigger', 'pipeline_name',
        'environment_name', 'oidc_subject', 'session_uid', 'session_arn',
    ]) }}
{%- endmacro %}

{#
    run_pulls: the pull request whose merge, by the run's own actor, came last within the two minutes before a run on a
    push. The audit log names no merge commit, so who, where and when must do; a run on a commit that a push event names
    was started by that push.
#}
{% macro lineage_run_pulls() -%}
revised as (

    select
        pushes.repository,
        pushes.revision,
        pushes.time_dt,
        pushes.event_uid
    from pushes
    where pushes.revision is not null

),

merged_before as (

    select
        runs.run_uid,
        runs.repository,
        runs.event_uid as run_event_uid,
        runs.event_date as run_date,
        runs.time_dt as run_dt,
        merged_pulls.pull_request,
        merged_pulls.actor_name as merger_name,
        merged_pulls.event_uid as merge_event_uid,
        merged_pulls.time_dt as merge_dt,
        row_number() over (
            partition by runs.repository, runs.run_uid order by merged_pulls.time_dt desc, merged_pulls.event_uid asc
        ) as place
    from runs
    inner join merged_pulls
        on
            runs.repository = merged_pulls.repository
            and runs.actor_name = merged_pulls.actor_name
            and merged_pulls.time_dt <= runs.time_dt
            and merged_pulls.time_dt > runs.time_dt - interval '2' minute
    left join revised
        on
            runs.repository = revised.repository
            and runs.revision = revised.revision
            and revised.time_dt <= runs.time_dt
            and revised.time_dt > runs.time_dt - interval '1' day
    where runs.run_trigger = 'push' and revised.event_uid is null

),

run_pulls as (

    select
        merged_before.*,
        'merge_and_time' as method,
        cast(0.7 as double) as confidence
    from merged_before
    where merged_before.place = 1

)
{%- endmacro %}
