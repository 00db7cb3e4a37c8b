{{ routes_to(['api_activity', 'base_event']) }}

{# https://circleci.com/docs/api/v2/ and https://circleci.com/docs/guides/integration/webhooks-reference/ #}
{% set part = {
    'id': 'string', 'name': 'string', 'number': 'string', 'status': 'string', 'created_at': 'string', 'started_at': 'string',
    'stopped_at': 'string', 'url': 'string',
} %}
{% set vcs_fields = {
    'provider_name': 'string', 'revision': 'string', 'branch': 'string', 'tag': 'string', 'target_repository_url': 'string',
    'origin_repository_url': 'string', 'commit': {'author': {'name': 'string', 'email': 'string'}, 'subject': 'string'},
} %}
{% set event_fields = {
    'id': 'string', 'type': 'string', 'name': 'string', 'number': 'string', 'state': 'string', 'status': 'string', 'project_slug': 'string',
    'pipeline_id': 'string', 'pipeline_number': 'string', 'job_number': 'string', 'started_by': 'string', 'dependencies': 'json',
    'created_at': 'string', 'started_at': 'string', 'stopped_at': 'string', 'updated_at': 'string', 'happened_at': 'string',
    'trigger': {'type': 'string', 'actor': {'login': 'string'}}, 'vcs': vcs_fields,
    'trigger_parameters': {'git': {'checkout_sha': 'string', 'branch': 'string'}},
    'workflow': part, 'job': part,
    'pipeline': {'id': 'string', 'number': 'string', 'created_at': 'string', 'trigger': {'type': 'string'}, 'vcs': vcs_fields},
    'project': {'slug': 'string', 'id': 'string'}, 'organization': {'id': 'string', 'name': 'string'},
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'circleci')) }}

),

kinds as (

    select * from {{ ref('circleci') }}

),

unfolded as (

    select
        records.*,
        coalesce({{ json_text('raw', 'body') }}, raw) as body
    from records

),

parsed as (

    select
        unfolded.*,
        {{ parse_json('body', event_fields) }} as event
    from unfolded

),

opened as (

    select
        parsed.*,
        coalesce(event.project.slug, event.project_slug) as slug,
        coalesce(event.job.id, case when event.job_number is not null or event.dependencies is not null then event.id end) as job_uid,
        coalesce(event.workflow.id, case when event.pipeline_id is not null then event.id end) as workflow_uid,
        coalesce(event.pipeline.id, event.pipeline_id, case when event.state is not null then event.id end) as pipeline_uid,
        coalesce(event.pipeline.vcs.revision, event.vcs.revision, event.trigger_parameters.git.checkout_sha) as revision,
        coalesce(event.pipeline.vcs.branch, event.vcs.branch, event.trigger_parameters.git.branch) as branch,
        coalesce(event.pipeline.vcs.tag, event.vcs.tag) as tag,
        coalesce(event.pipeline.vcs.target_repository_url, event.vcs.target_repository_url) as remote,
        coalesce(event.job.status, event.workflow.status, event.status, event.state) as outcome,
        coalesce(event.job.started_at, event.job.created_at, event.workflow.created_at, event.started_at, event.created_at) as began,
        coalesce(event.job.stopped_at, event.workflow.stopped_at, event.stopped_at) as ended
    from parsed

),

named as (

    select
        opened.*,
        case
            when job_uid is not null then 'job'
            when workflow_uid is not null then 'workflow'
            when pipeline_uid is not null then 'pipeline'
        end as part
    from opened

),

told as (

    select
        named.*,
        case
            when part is null then event.type
            when part = 'pipeline' then case when outcome = 'errored' then 'pipeline.errored' else 'pipeline.created' end
            when outcome in ('running', 'queued', 'not_run', 'on_hold', 'blocked', 'not_running', 'failing') and ended is null
                then part || '.running'
            else part || '.completed'
        end as done
    from named

),

matched as (

    select
        told.*,
        kinds.class_uid as kind_class,
        kinds.activity_id as kind_activity
    from told
    left join kinds on told.done = kinds.kind

),

classified as (

    select
        matched.*,
        coalesce(kind_class, 0) as to_class,
        coalesce(kind_activity, 99) as to_activity,
        case
            when outcome in ('failed', 'error', 'errored', 'canceled', 'unauthorized', 'infrastructure_fail', 'timedout') then 2
            when outcome in ('success', 'created', 'setup') then 1
            else 0
        end as result,
        nullif(event.trigger.actor.login, '') as actor_login,
        event.started_by as actor_uid,
        case when coalesce(nullif(event.trigger.actor.login, ''), event.started_by) is not null then 'User' end as actor_kind,
        coalesce(event.organization.name, nullif(regexp_extract(slug, '^[^/]+/([^/]+)/', 1), '')) as account,
        case when part = 'job' then 'job' when part is not null then 'pipeline run' end as kind_of_resource,
        coalesce(job_uid, workflow_uid, pipeline_uid) as kind_uid,
        coalesce(event.job.name, event.workflow.name, event.name, slug) as kind_name,
        case
            when slug like 'gh/%' or slug like 'github/%' then 'github' when slug like 'bb/%' or slug like 'bitbucket/%' then 'bitbucket'
        end
            as host
    from matched

),

final as (

    select
        {{ sdlc_activity('circleci', 'CircleCI', 'CircleCI', uid='event.id', code='done', text='body') }},
        {{ timestamp_of_text('began') }} as start_time_dt,
        {{ timestamp_of_text('ended') }} as end_time_dt,
        outcome as status_code,
        {{ json_without('body', ['id', 'type', 'vcs', 'status', 'state', 'workflow', 'job', 'pipeline', 'project', 'organization']) }}
            as unmapped,
        -- class extras: the sdlc profile; the run is the pipeline, whose jobs are tasks. A pipeline has no end of its own: each of its
        -- workflows ends it in part, and is named as the part
        case done
            when 'pipeline.created' then 'pipelinerun.queued'
            when 'pipeline.errored' then 'pipelinerun.finished'
            when 'workflow.running' then 'pipelinerun.started'
            when 'workflow.completed' then 'pipelinerun.finished'
            when 'job.running' then 'taskrun.started'
            when 'job.completed' then 'taskrun.finished'
        end as sdlc_event_type,
        coalesce({{ vcs_provider_of('remote') }}, host) as vcs_provider,
        coalesce(
            {{ vcs_repository_of('remote') }},
            case when host is not null then nullif(regexp_extract(slug, '^[^/]+/(.+)$', 1), '') end
        ) as vcs_repository_name,
        coalesce(branch, tag) as vcs_ref_name,
        case when branch is not null then 'branch' when tag is not null then 'tag' end as vcs_ref_type,
        revision as vcs_ref_revision,
        event.pipeline.vcs.commit.author.name as vcs_commit_author,
        event.pipeline.vcs.commit.author.email as vcs_commit_author_email_addr,
        case when part is not null then 'circleci' end as cicd_provider,
        slug as cicd_pipeline_name,
        pipeline_uid as cicd_run_uid,
        case when done = 'pipeline.errored' or done like '%.completed' then outcome end as cicd_run_result,
        coalesce(event.pipeline.trigger.type, event.trigger.type) as cicd_trigger,
        case when part in ('job', 'workflow') then coalesce(job_uid, workflow_uid) end as cicd_task_uid,
        case when part in ('job', 'workflow') then coalesce(event.job.name, event.workflow.name, event.name) end as cicd_task_name
    from classified

)

select * from final
