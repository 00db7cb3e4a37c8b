{{ routes_to(['api_activity', 'base_event']) }}

{# https://www.jenkins.io/doc/book/using/remote-access-api/ #}
{% set build_fields = {
    '_class': 'string', 'fullDisplayName': 'string', 'fullName': 'string', 'name': 'string', 'displayName': 'string', 'url': 'string',
    'number': 'string', 'result': 'string', 'building': 'string', 'timestamp': 'string', 'duration': 'string', 'builtOn': 'string',
    'status': 'string', 'startTimeMillis': 'string', 'durationMillis': 'string', 'id': 'string', 'execNode': 'string',
    '_links': {'self': {'href': 'string'}},
    'actions': [{
        'causes': [{'_class': 'string', 'shortDescription': 'string', 'userId': 'string', 'userName': 'string'}],
        'lastBuiltRevision': {'SHA1': 'string', 'branch': [{'name': 'string', 'SHA1': 'string'}]},
        'remoteUrls': ['string'],
    }],
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'jenkins')) }}

),

kinds as (

    select * from {{ ref('jenkins') }}

),

parsed as (

    select
        records.*,
        {{ parse_json('raw', build_fields) }} as build
    from records

),

opened as (

    select
        parsed.*,
        {{ list_item(list_where('build.actions', 'item.lastBuiltRevision.SHA1 is not null'), 1) }} as source_of,
        {{ list_item(list_item(list_where('build.actions', 'item.causes is not null'), 1) ~ '.causes', 1) }} as cause,
        try_cast(coalesce(build.timestamp, build.startTimeMillis) as bigint) as begun_ms,
        try_cast(coalesce(build.duration, build.durationMillis) as bigint) as took_ms,
        case
            when build.number is not null and (build.result is not null or build.building = 'false') then 'build.finished'
            when build.number is not null then 'build.started'
            when build.startTimeMillis is not null and build.status in ('IN_PROGRESS', 'PAUSED_PENDING_INPUT') then 'stage.started'
            when build.startTimeMillis is not null then 'stage.finished'
            when build.fullName is not null then 'job.observed'
        end as done,
        -- the job's full name: out of the address, or else out of what is shown
        coalesce(
            nullif(replace(regexp_extract(build.url, '/job/(.+)/[0-9]+/?$', 1), '/job/', '/'), ''),
            nullif(replace(regexp_extract(build._links.self.href, '/job/(.+?)/[0-9]+/(execution|exec|wfapi)', 1), '/job/', '/'), ''),
            build.fullName,
            replace(regexp_replace(build.fullDisplayName, ' #[0-9]+$', ''), ' » ', '/')
        ) as job,
        coalesce(build.number, nullif(regexp_extract(build._links.self.href, '/([0-9]+)/(execution|exec|wfapi)', 1), '')) as number
    from parsed

),

matched as (

    select
        opened.*,
        kinds.class_uid as kind_class,
        kinds.activity_id as kind_activity
    from opened
    left join kinds on opened.done = kinds.kind

),

classified as (

    select
        matched.*,
        coalesce(kind_class, 0) as to_class,
        coalesce(kind_activity, 99) as to_activity,
        case
            when build.result in ('FAILURE', 'ABORTED', 'NOT_BUILT') or build.status in ('FAILED', 'ABORTED') then 2
            when build.result in ('SUCCESS', 'UNSTABLE') or build.status = 'SUCCESS' or done = 'job.observed' then 1
            else 0
        end as result,
        cause.userId as actor_login,
        cast(null as varchar) as actor_uid,
        case when cause.userId is not null then 'User' end as actor_kind,
        cast(null as varchar) as account,
        case when done like 'job.%' then 'pipeline' when done is not null then 'pipeline run' end as kind_of_resource,
        case when done like 'job.%' then job else job || '#' || number end as kind_uid,
        job as kind_name,
        {{ list_item('source_of.remoteUrls', 1) }} as remote
    from matched

),

final as (

    select
        {{ sdlc_activity('jenkins', 'Jenkins', 'Jenkins', uid='kind_uid', code='done') }},
        case when begun_ms is not null then {{ timestamp_of_ms('begun_ms') }} end as start_time_dt,
        case
            when
                done like '%.finished' and begun_ms between 0 and 253402300799999
                and coalesce(took_ms, 0) between 0 and 253402300799999
                then {{ timestamp_of_ms('begun_ms + coalesce(took_ms, 0)') }}
        end as end_time_dt,
        coalesce(build.result, build.status) as status_code,
        cause.shortDescription as status_detail,
        {{ json_without('raw', ['number', 'result', 'timestamp', 'duration', 'fullDisplayName', 'fullName', 'url', 'building']) }}
            as unmapped,
        -- class extras: the sdlc profile
        case done
            when 'build.started' then 'pipelinerun.started'
            when 'build.finished' then 'pipelinerun.finished'
            when 'stage.started' then 'taskrun.started'
            when 'stage.finished' then 'taskrun.finished'
        end as sdlc_event_type,
        {{ vcs_provider_of('remote') }} as vcs_provider,
        {{ vcs_repository_of('remote') }} as vcs_repository_name,
        regexp_replace({{ list_item('source_of.lastBuiltRevision.branch', 1) }}.name, '^(refs/)?(remotes/)?(origin/|heads/)?', '')
            as vcs_ref_name,
        source_of.lastBuiltRevision.SHA1 as vcs_ref_revision,
        'jenkins' as cicd_provider,
        job as cicd_pipeline_name,
        case when number is not null then job || '#' || number end as cicd_run_uid,
        case when number is not null then 1 end as cicd_run_attempt,
        lower(coalesce(build.result, case when done = 'stage.finished' then build.status end)) as cicd_run_result,
        case
            when cause._class like '%UserIdCause' then 'manual'
            when cause._class like '%TimerTriggerCause' then 'schedule'
            when cause._class like '%SCMTriggerCause' or cause._class like '%BranchEventCause' or cause._class like '%PushCause' then 'push'
            when cause._class like '%UpstreamCause' then 'upstream'
        end as cicd_trigger,
        case when done like 'stage.%' then build.id end as cicd_task_uid,
        case when done like 'stage.%' then build.name end as cicd_task_name
    from classified

)

select * from final
