{{ routes_to(['api_activity', 'base_event']) }}

{# https://developer.atlassian.com/cloud/bitbucket/rest/ #}
{% set person = {'display_name': 'string', 'nickname': 'string', 'uuid': 'string', 'account_id': 'string'} %}
{% set repository = {'full_name': 'string', 'uuid': 'string'} %}
{% set side = {'branch': {'name': 'string'}, 'commit': {'hash': 'string'}, 'repository': repository} %}
{% set object_fields = {
    'type': 'string', 'id': 'string', 'uuid': 'string', 'hash': 'string', 'full_name': 'string', 'is_private': 'string', 'title': 'string',
    'state': 'json', 'author': {'user': person, 'raw': 'string', 'display_name': 'string', 'nickname': 'string', 'uuid': 'string'},
    'creator': person, 'user': person, 'reporter': person, 'closed_by': person, 'owner': person,
    'source': side, 'destination': side, 'merge_commit': {'hash': 'string'}, 'draft': 'string',
    'repository': repository, 'message': 'string',
    'build_number': 'string', 'target': {'ref_name': 'string', 'ref_type': 'string', 'commit': {'hash': 'string'}},
    'trigger': {'name': 'string', 'type': 'string'}, 'pipeline': {'uuid': 'string'}, 'name': 'string', 'run_number': 'string',
    'started_on': 'string', 'completed_on': 'string', 'created_on': 'string', 'environment': {'name': 'string', 'uuid': 'string'},
    'release': {'pipeline': {'uuid': 'string'}, 'commit': {'hash': 'string'}},
    'participants': [{'user': person, 'role': 'string', 'approved': 'string', 'state': 'string'}],
    'kind': 'string', 'pattern': 'string', 'links': {'self': {'href': 'string'}},
} %}
{% set review_state -%}
    case
        when item.approved = 'true' then 'approved'
        when item.state = 'changes_requested' then item.state
        when item.role = 'REVIEWER' then 'pending'
        else 'commented'
    end
{%- endset %}

with

records as (

    select * from {{ new_rows(source('bronze', 'bitbucket_api')) }}

),

kinds as (

    select * from {{ ref('bitbucket_api') }}

),

parsed as (

    select
        records.*,
        {{ parse_json('raw', object_fields) }} as said
    from records

),

opened as (

    select
        parsed.*,
        coalesce(
            said.full_name, said.destination.repository.full_name, said.repository.full_name,
            nullif(regexp_extract(said.links.self.href, '/repositories/([^/{]+/[^/{]+)/', 1), '')
        ) as repo_name,
        coalesce(said.destination.repository.uuid, said.repository.uuid, case when said.type = 'repository' then said.uuid end) as repo_uid,
        coalesce(
            {{ json_text('said.state', 'result', 'name') }}, {{ json_text('said.state', 'status', 'name') }},
            {{ json_text('said.state', 'name') }}, {{ json_text('said.state') }}
        ) as standing,
        -- of a pipeline or a step its result, of a deployment its status
        coalesce({{ json_text('said.state', 'result', 'name') }}, {{ json_text('said.state', 'status', 'name') }}) as outcome,
        case when said.type in ('pipeline', 'pipeline_step') then coalesce(said.pipeline.uuid, said.uuid) end as run_uid
    from parsed

),

matched as (

    select
        opened.*,
        kinds.class_uid as kind_class,
        kinds.activity_id as kind_activity
    from opened
    left join kinds on opened.said.type = kinds.kind

),

classified as (

    select
        matched.*,
        coalesce(kind_class, 6003) as to_class,
        coalesce(kind_activity, 99) as to_activity,
        case
            when outcome in ('FAILED', 'ERROR', 'STOPPED', 'EXPIRED') then 2
            when (run_uid is not null or said.type = 'deployment') and outcome is null then 0
            else 1
        end as result,
        coalesce(
            said.author.nickname,
            said.author.user.nickname,
            said.creator.nickname,
            said.user.nickname,
            said.reporter.nickname,
            said.author.raw
        ) as actor_login,
        coalesce(said.author.uuid, said.author.user.uuid, said.creator.uuid, said.user.uuid, said.reporter.uuid) as actor_uid,
        case
            when
                coalesce(
                    said.author.nickname, said.author.user.nickname, said.creator.nickname, said.user.nickname, said.reporter.nickname
                ) is not null
                then 'User'
        end as actor_kind,
        nullif(regexp_extract(repo_name, '^([^/]+)/', 1), '') as account,
        case
            when said.type = 'pullrequest' then 'pull request'
            when run_uid is not null then 'pipeline run'
            when said.type = 'deployment' then 'deployment'
            when repo_name is not null then 'repository'
        end as kind_of_resource,
        case
            when said.type = 'pullrequest' then concat_ws('#', repo_name, said.id)
            when run_uid is not null then run_uid
            when said.type = 'deployment' then said.uuid
            else repo_uid
        end as kind_uid,
        coalesce(case when said.type = 'deployment' then said.environment.name end, repo_name) as kind_name
    from matched

),

final as (

    select
        {{ sdlc_activity('bitbucket_api', 'Bitbucket', 'Atlassian', uid='coalesce(said.uuid, said.hash, said.id)', code='said.type') }},
        case when said.type = 'commit' then said.message end as message,
        {{ timestamp_of_text('coalesce(said.started_on, said.created_on)') }} as start_time_dt,
        {{ timestamp_of_text('said.completed_on') }} as end_time_dt,
        standing as status_code,
        {{ json_without(
            'raw', ['type', 'id', 'uuid', 'hash', 'links', 'state', 'author', 'title', 'source', 'destination', 'repository'],
        ) }}
            as unmapped,
        -- class extras: the sdlc profile
        case
            when said.type = 'pullrequest' then 'change.observed'
            when said.type = 'commit' then 'commit.observed'
            when said.type = 'repository' then 'repository.observed'
            when said.type = 'branchrestriction' then 'repository.observed'
            when said.type = 'deployment' then 'service.deployed'
            when said.type = 'pipeline' then case when outcome is not null then 'pipelinerun.finished' else 'pipelinerun.started' end
            when said.type = 'pipeline_step' then case when outcome is not null then 'taskrun.finished' else 'taskrun.started' end
        end as sdlc_event_type,
        'bitbucket' as vcs_provider,
        repo_name as vcs_repository_name,
        repo_uid as vcs_repository_uid,
        case said.is_private when 'true' then 'private' when 'false' then 'public' end as vcs_repository_visibility,
        coalesce(said.source.branch.name, said.target.ref_name) as vcs_ref_name,
        case when said.source.branch.name is not null then 'branch' else said.target.ref_type end as vcs_ref_type,
        coalesce(
            said.source.commit.hash, said.target.commit.hash, said.release.commit.hash, case when said.type = 'commit' then said.hash end
        ) as vcs_ref_revision,
        said.destination.commit.hash as vcs_base_revision,
        said.destination.branch.name as vcs_base_name,
        case when said.type = 'pullrequest' then said.id end as vcs_change_uid,
        case when said.type = 'pullrequest' then said.title end as vcs_change_title,
        case when said.type = 'pullrequest' then said.author.nickname end as vcs_change_author,
        case
            when said.type <> 'pullrequest' then null
            when standing = 'OPEN' and said.draft = 'true' then 'draft'
            when standing = 'OPEN' then 'open'
            when standing = 'MERGED' then 'merged'
            else 'closed'
        end as vcs_change_state,
        said.merge_commit.hash as vcs_merge_revision,
        -- participants are who was asked to review, and whoever approved or commented
        case
            when said.type = 'pullrequest'
                then {{ list_map(list_where('said.participants', 'item.user.nickname is not null'), struct_of({
                    'reviewer': 'item.user.nickname', 'state': review_state,
                })) }}
        end as vcs_reviews,
        case when said.type = 'commit' then regexp_replace(said.author.raw, ' *<[^>]*>$', '') end as vcs_commit_author,
        case when said.type = 'commit' then nullif(regexp_extract(said.author.raw, '<([^>]*)>$', 1), '') end
            as vcs_commit_author_email_addr,
        case when said.type = 'branchrestriction' then 'branch protection' end as vcs_setting_name,
        case when said.type = 'branchrestriction' then said.pattern end as vcs_setting_target,
        case when said.type = 'branchrestriction' then said.kind end as vcs_setting_value,
        case when run_uid is not null or said.type = 'deployment' then 'bitbucket' end as cicd_provider,
        case when said.type = 'pipeline' then 'pipeline' end as cicd_pipeline_name,
        coalesce(run_uid, case when said.type = 'deployment' then said.release.pipeline.uuid end) as cicd_run_uid,
        try_cast(said.run_number as integer) as cicd_run_attempt,
        case when run_uid is not null then lower(outcome) end as cicd_run_result,
        case when said.type = 'pipeline' then lower(said.trigger.name) end as cicd_trigger,
        case when said.type = 'pipeline_step' then said.uuid end as cicd_task_uid,
        case when said.type = 'pipeline_step' then said.name end as cicd_task_name,
        case when said.type = 'deployment' then said.environment.name end as cicd_environment_name,
        case when said.type = 'deployment' then said.uuid end as cicd_deployment_uid,
        case when said.type = 'deployment' then lower(standing) end as cicd_deployment_state
    from classified

)

select * from final
