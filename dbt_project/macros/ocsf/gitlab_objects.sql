{#
    What GitLab's API and webhooks tell of code and pipelines (transforms/sources/gitlab_objects.py), as the CTE `classified`
    over the CTE `records`, with kinds of the seed `kinds`; and its columns.
    https://docs.gitlab.com/user/project/integrations/webhook_events/  https://docs.gitlab.com/api/rest/
#}
{% macro gitlab_objects_ctes() -%}
{%- set person = {'id': 'string', 'username': 'string', 'name': 'string', 'email': 'string'} -%}
{%- set commit = {
    'id': 'string', 'message': 'string', 'title': 'string', 'author_name': 'string', 'author_email': 'string',
    'author': {'name': 'string', 'email': 'string'},
} -%}
{%- set project = {'id': 'string', 'path_with_namespace': 'string', 'visibility_level': 'string'} -%}
{%- set object_fields = {
    'object_kind': 'string', 'event_type': 'string', 'event_name': 'string', 'user': person, 'user_name': 'string', 'user_username': 'string',
    'user_id': 'string', 'project': project, 'project_id': 'string', 'ref': 'string', 'before': 'string', 'after': 'string',
    'checkout_sha': 'string', 'commits': [commit],
    'object_attributes': {
        'id': 'string', 'iid': 'string', 'title': 'string', 'state': 'string', 'action': 'string', 'source_branch': 'string',
        'target_branch': 'string', 'merge_commit_sha': 'string', 'last_commit': commit, 'author_id': 'string', 'draft': 'string',
        'work_in_progress': 'string', 'ref': 'string', 'sha': 'string', 'before_sha': 'string', 'status': 'string', 'source': 'json',
        'tag': 'string', 'created_at': 'string', 'finished_at': 'string', 'name': 'string', 'system': 'string',
        'system_action': 'string',
    },
    'merge_request': {'iid': 'string', 'title': 'string'},
    'build_id': 'string', 'build_name': 'string', 'build_status': 'string', 'build_started_at': 'string', 'build_finished_at': 'string',
    'pipeline_id': 'string', 'sha': 'string', 'project_name': 'string', 'repository': {'homepage': 'string'}, 'environment': 'json', 'commit': commit,
    'runner': {'is_shared': 'string', 'runner_type': 'string'},
    'deployment_id': 'string', 'deployable_id': 'string', 'short_sha': 'string', 'status': 'string', 'commit_url': 'string',
    'id': 'string', 'iid': 'string', 'web_url': 'string', 'state': 'string', 'title': 'string', 'source': 'string', 'name': 'string',
    'stage': 'string', 'author': person, 'merged_by': person, 'merge_user': person, 'source_branch': 'string', 'target_branch': 'string',
    'merge_commit_sha': 'string', 'squash_commit_sha': 'string', 'draft': 'string', 'work_in_progress': 'string', 'approved_by': [{'user': person}],
    'noteable_type': 'string', 'noteable_iid': 'string', 'body': 'string', 'system': 'string', 'access_level': 'string', 'username': 'string',
    'pipeline': {'id': 'string', 'sha': 'string', 'ref': 'string', 'project_id': 'string'}, 'before_sha': 'string', 'tag': 'string',
    'deployable': {'id': 'string', 'pipeline': {'id': 'string', 'web_url': 'string', 'project_id': 'string'}, 'name': 'string'}, 'path_with_namespace': 'string', 'visibility': 'string',
    'archived': 'string', 'short_id': 'string', 'author_name': 'string', 'author_email': 'string', 'message': 'string', 'committed_date': 'string',
    'push_access_levels': 'json', 'merge_access_levels': 'json', 'started_at': 'string', 'finished_at': 'string', 'created_at': 'string',
    'references': {'full': 'string'}, 'issue_type': 'string', 'allow_failure': 'string',
} -%}
unfolded as (

    select
        records.*,
        -- a line of a collector holds the body; a note of the API has a member of that name, and no headers
        case when {{ json_text('raw', 'headers') }} is not null then coalesce({{ json_text('raw', 'body') }}, raw) else raw end as body
    from records

),

parsed as (

    select
        unfolded.*,
        {{ parse_json('body', object_fields) }} as said
    from unfolded

),

named as (

    select
        parsed.*,
        said.object_attributes as about,
        case
            when said.object_kind is not null then said.object_kind
            when said.noteable_type is not null then 'note'
            when said.access_level is not null and said.username is not null then 'member'
            when said.username is not null then 'user'
            when said.deployable.id is not null or {{ json_text('said.environment', 'name') }} is not null and said.sha is not null then 'deployment'
            when said.source_branch is not null or said.merge_commit_sha is not null then 'merge_request'
            when said.approved_by is not null then 'approval'
            when said.pipeline.id is not null and said.stage is not null then 'build'
            when said.sha is not null and said.ref is not null then 'pipeline'
            when said.short_id is not null then 'commit'
            when said.issue_type is not null then 'issue'
            when said.push_access_levels is not null then 'protected_branch'
            when said.path_with_namespace is not null then 'project'
        end as thing
    from parsed

),

opened as (

    select
        named.*,
        case
            when said.object_kind is null then concat_ws('.', thing, 'observed')
            else concat_ws('.', thing, about.action)
        end as done,
        coalesce(
            said.project.path_with_namespace, said.path_with_namespace,
            -- out of an address: https://HOST/group/project/-/merge_requests/1, or group/project!1
            nullif(regexp_extract(said.web_url, '^https?://[^/]+/(.+?)/(-/)?(merge_requests|pipelines|jobs|issues|commit)/', 1), ''),
            nullif(regexp_extract(said.references.full, '^(.+)[!#][0-9]+$', 1), ''),
            nullif(regexp_extract(said.deployable.pipeline.web_url, '^https?://[^/]+/(.+?)/(-/)?pipelines/', 1), ''),
            -- a job's hook has the address beside the names that people read, which are not those of the path
            nullif(regexp_extract(said.repository.homepage, '^https?://[^/]+/(.+)$', 1), ''),
            replace(said.project_name, ' / ', '/')
        ) as repo_name,
        coalesce(said.project.id, said.project_id, said.pipeline.project_id, said.deployable.pipeline.project_id) as repo_uid,
        case thing
            when 'merge_request' then coalesce(about.iid, said.iid)
            when 'approval' then said.iid
            when 'note' then coalesce(said.merge_request.iid, case when said.noteable_type = 'MergeRequest' then said.noteable_iid end)
            when 'pipeline' then coalesce(
                said.merge_request.iid,
                nullif(regexp_extract(coalesce(about.ref, said.ref), '^refs/merge-requests/([0-9]+)/', 1), '')
            )
        end as change_uid,
        case thing
            when 'pipeline' then coalesce(about.id, said.id)
            when 'build' then coalesce(said.pipeline_id, said.pipeline.id)
            when 'deployment' then said.deployable.pipeline.id
        end as run_uid,
        case thing when 'deployment' then coalesce(said.deployment_id, said.id) end as deployment_uid,
        case when said.object_kind is null then coalesce(said.status, said.state) else coalesce(said.build_status, about.status, said.status, about.state) end
            as standing,
        coalesce(about.state, said.state) as change_standing,
        coalesce(said.user.username, said.user_username, said.author.username, said.user.name, said.user_name, said.author_name) as actor_login,
        coalesce(said.user.id, said.user_id, said.author.id) as actor_uid,
        -- of a push, which lists its commits from the oldest on, the one that the branch now points to
        {{ list_item(list_where('said.commits', 'item.id in (said.after, said.checkout_sha)'), 1) }} as pushed
    from named

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
        coalesce(kind_class, case when thing is not null then 6003 else 0 end) as to_class,
        coalesce(kind_activity, 99) as to_activity,
        case
            when thing in ('pipeline', 'build', 'deployment') and standing in ('failed', 'canceled') then 2
            when thing in ('pipeline', 'build', 'deployment') and coalesce(standing, '') not in ('success', 'skipped') then 0
            when thing is null then 0
            else 1
        end as result,
        case when coalesce(actor_login, actor_uid) is not null then 'User' end as actor_kind,
        nullif(regexp_extract(repo_name, '^([^/]+)/', 1), '') as account,
        case
            when change_uid is not null and thing <> 'pipeline' then 'merge request'
            when deployment_uid is not null then 'deployment'
            when run_uid is not null then 'pipeline run'
            when coalesce(repo_name, repo_uid) is not null then 'repository'
        end as kind_of_resource,
        case
            when change_uid is not null and thing <> 'pipeline' then concat_ws('!', coalesce(repo_name, repo_uid), change_uid)
            when deployment_uid is not null then deployment_uid
            when run_uid is not null then run_uid
            else repo_uid
        end as kind_uid,
        case
            when deployment_uid is not null then coalesce({{ json_text('said.environment', 'name') }}, {{ json_text('said.environment') }})
            else repo_name
        end as kind_name
    from matched

)
{%- endmacro %}

{% macro gitlab_objects_columns(source) -%}
        {{ sdlc_activity(source, 'GitLab', 'GitLab', uid='coalesce(about.id, said.id, said.build_id, said.deployment_id)', code='done', text='body') }},
        coalesce(
            case when thing in ('push', 'tag_push') then pushed.message end,
            case when thing = 'commit' then said.message end
        ) as message,
        {{ timestamp_of_text('coalesce(said.build_started_at, said.started_at, about.created_at, said.created_at)') }} as start_time_dt,
        {{ timestamp_of_text('coalesce(said.build_finished_at, about.finished_at, said.finished_at)') }} as end_time_dt,
        standing as status_code,
        {{ json_without('body', ['object_kind', 'user', 'project', 'repository', 'object_attributes', 'id', 'iid', 'author', 'title', 'ref', 'sha']) }}
            as unmapped,
        -- class extras: the sdlc profile
        case
            when thing = 'push' and replace(said.after, '0', '') = '' then 'branch.deleted'
            when thing = 'push' then 'commit.pushed'
            when thing = 'tag_push' then case when replace(said.after, '0', '') = '' then 'tag.deleted' else 'tag.created' end
            when thing = 'commit' then 'commit.observed'
            when thing = 'merge_request' and said.object_kind is null then 'change.observed'
            when thing = 'merge_request'
                -- a push that resets approvals is no review by whoever pushed
                then case case when coalesce(about.system, '') <> 'true' then about.action end
                    when 'open' then 'change.created'
                    when 'merge' then 'change.merged'
                    when 'close' then 'change.abandoned'
                    when 'approved' then 'change.reviewed'
                    when 'approval' then 'change.reviewed'
                    when 'unapproved' then 'change.reviewed'
                    when 'unapproval' then 'change.reviewed'
                    else 'change.updated'
                end
            when thing = 'approval' then 'change.observed'
            when thing in ('pipeline', 'build')
                then case thing when 'pipeline' then 'pipelinerun' else 'taskrun' end || case
                    when standing in ('success', 'failed', 'canceled', 'skipped') then '.finished'
                    when standing = 'running' then '.started'
                    else '.queued'
                end
            when thing = 'deployment' then 'service.deployed'
            when thing = 'project' then 'repository.observed'
            when thing = 'protected_branch' then 'repository.observed'
        end as sdlc_event_type,
        'gitlab' as vcs_provider,
        coalesce(repo_name, repo_uid) as vcs_repository_name,
        repo_uid as vcs_repository_uid,
        coalesce(
            said.visibility,
            case said.project.visibility_level when '0' then 'private' when '10' then 'internal' when '20' then 'public' end
        ) as vcs_repository_visibility,
        regexp_replace(coalesce(about.source_branch, said.source_branch, about.ref, said.ref), '^refs/(heads|tags)/', '') as vcs_ref_name,
        case
            when thing = 'tag_push' or coalesce(about.tag, said.tag) = 'true' then 'tag'
            when coalesce(about.source_branch, said.source_branch, about.ref, said.ref) is not null then 'branch'
        end as vcs_ref_type,
        case
            when thing = 'push' and replace(said.after, '0', '') = '' then said.before
            when thing = 'commit' then said.id
            else coalesce(said.after, about.last_commit.id, about.sha, said.sha, said.pipeline.sha, said.commit.id)
        end as vcs_ref_revision,
        case when thing = 'push' then said.before else coalesce(about.before_sha, said.before_sha) end as vcs_base_revision,
        coalesce(about.target_branch, said.target_branch) as vcs_base_name,
        change_uid as vcs_change_uid,
        case when thing = 'merge_request' then coalesce(about.title, said.title) end as vcs_change_title,
        case
            when thing = 'merge_request' and said.object_kind is null then said.author.username
            when about.action = 'open' then said.user.username
        end as vcs_change_author,
        case
            when thing <> 'merge_request' then null
            when change_standing = 'opened' and coalesce(about.draft, about.work_in_progress, said.draft, said.work_in_progress) = 'true' then 'draft'
            when change_standing = 'opened' then 'open'
            when change_standing = 'locked' then 'open'
            else change_standing
        end as vcs_change_state,
        coalesce(about.merge_commit_sha, said.merge_commit_sha, said.squash_commit_sha) as vcs_merge_revision,
        case
            when about.system = 'true' then null
            when about.action in ('approved', 'approval') then 'approved'
            when about.action in ('unapproved', 'unapproval') then 'dismissed'
        end as vcs_review_state,
        case
            -- nobody's approval is left
            when about.system = 'true' and about.system_action = 'approvals_reset_on_push'
                then {{ list_where(list_of([struct_of({'reviewer': 'cast(null as varchar)', 'state': 'cast(null as varchar)'})]), 'false') }}
            when thing = 'approval'
                then {{ list_map(list_where('said.approved_by', 'item.user.username is not null'), struct_of({
                    'reviewer': 'item.user.username', 'state': "'approved'",
                })) }}
        end as vcs_reviews,
        case
            when thing = 'push' then pushed.author.name
            when thing = 'commit' then said.author_name
        end as vcs_commit_author,
        case
            when thing = 'push' then pushed.author.email
            when thing = 'commit' then said.author_email
        end as vcs_commit_author_email_addr,
        case when thing = 'protected_branch' then 'branch protection' end as vcs_setting_name,
        case when thing = 'protected_branch' then said.name end as vcs_setting_target,
        case when thing = 'protected_branch' then 'present' end as vcs_setting_value,
        case when coalesce(run_uid, deployment_uid) is not null then 'gitlab' end as cicd_provider,
        case when run_uid is not null then coalesce(about.name, 'pipeline') end as cicd_pipeline_name,
        run_uid as cicd_run_uid,
        case when thing in ('pipeline', 'build') and standing in ('success', 'failed', 'canceled', 'skipped') then standing end as cicd_run_result,
        case when thing = 'pipeline' then coalesce(said.source, {{ json_text('about.source') }}) end as cicd_trigger,
        case
            when said.runner.is_shared = 'true' or said.runner.runner_type = 'instance_type' then 'hosted'
            when said.runner.runner_type is not null then 'self-hosted'
        end as cicd_runner_type,
        case when thing = 'build' then coalesce(said.build_id, said.id) end as cicd_task_uid,
        case when thing = 'build' then coalesce(said.build_name, said.name) end as cicd_task_name,
        case when thing = 'deployment' then coalesce({{ json_text('said.environment', 'name') }}, {{ json_text('said.environment') }}) end
            as cicd_environment_name,
        deployment_uid as cicd_deployment_uid,
        case when thing = 'deployment' then standing end as cicd_deployment_state
{%- endmacro %}
