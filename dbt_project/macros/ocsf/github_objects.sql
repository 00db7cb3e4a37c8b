{#
    What objects of GitHub's API tell (transforms/sources/github_objects.py), as the CTE `classified` over the CTE `records`, with
    kinds of the seed `kinds`; and its columns. https://docs.github.com/rest
#}
{% macro github_objects_ctes() -%}
{%- set person = {'login': 'string', 'id': 'string', 'type': 'string'} -%}
{%- set repository = {'full_name': 'string', 'id': 'string', 'visibility': 'string', 'private': 'string'} -%}
{%- set side = {'ref': 'string', 'sha': 'string', 'repo': repository} -%}
{%- set signer = {'name': 'string', 'email': 'string', 'date': 'string'} -%}
{#- Of a run on a branch that other repositories' pull requests come from, too: only those of its own are its changes. -#}
{%- set pulls = [{'number': 'string', 'base': {'repo': {'id': 'string'}}}] -%}
{%- set is_own = 'not coalesce(item.base.repo.id <> coalesce(said.repository.id, beside.repository.id), false)' -%}
{%- set object_fields = {
    'id': 'string', 'node_id': 'string', 'url': 'string', 'sha': 'string', 'number': 'string', 'title': 'string', 'state': 'string', 'name': 'string',
    'status': 'string', 'conclusion': 'string', 'draft': 'string', 'merged_at': 'string', 'merge_commit_sha': 'string', 'user': person,
    'actor': person, 'triggering_actor': person, 'author': person, 'creator': person, 'merged_by': person, 'head': side, 'base': side,
    'submitted_at': 'string', 'commit_id': 'string', 'pull_request_url': 'string', 'pull_request_review_id': 'string', 'body': 'json',
    'run_id': 'string', 'run_attempt': 'string', 'run_started_at': 'string', 'event': 'string', 'path': 'string', 'head_branch': 'string',
    'head_sha': 'string', 'workflow_id': 'string', 'workflow_name': 'string', 'repository': repository, 'pull_requests': pulls,
    'started_at': 'string', 'completed_at': 'string', 'updated_at': 'string', 'labels': 'json', 'runner_name': 'string',
    'runner_group_name': 'string', 'check_suite': {'id': 'string'}, 'app': {'name': 'string'}, 'latest_check_runs_count': 'string',
    'commit': {
        'message': 'string', 'author': signer, 'committer': signer, 'verification': {'verified': 'string', 'reason': 'string'},
    },
    'task': 'string', 'environment': 'string', 'ref': 'string', 'deployment_url': 'string', 'repository_url': 'string', 'context': 'string',
    'protection_rules': 'json', 'full_name': 'string', 'default_branch': 'string', 'visibility': 'string', 'private': 'string',
    'archived': 'string', 'enforcement': 'string', 'required_pull_request_reviews': 'json', 'required_status_checks': 'json',
    'enforce_admins': 'json', 'source_type': 'string', 'source': 'string', 'steps': 'json', 'protected': 'string', 'html_url': 'string',
} -%}
{#- Names that differ in case alone are one name in SQL: GraphQL's have a struct of their own. -#}
{%- set graph_fields = {
    'Id': 'string', 'CommitOid': 'string', 'Environment': 'string', 'State': 'string', 'DatabaseId': 'string', 'Ref': {'Name': 'string'},
    'Repository': {'Url': 'string'}, 'LatestStatus': {'State': 'string'},
} -%}
unfolded as (

    select
        records.*,
        {{ unsigned('attributes') }} as proof_state,
        case when {{ json_text('raw', 'headers') }} is not null then coalesce({{ json_text('raw', 'body') }}, raw) else raw end as body
    from records

),

parsed as (

    select
        unfolded.*,
        -- a webhook holds the object beside its repository and who sent it
        {{ parse_json("coalesce(" ~ json_text('body', 'workflow_run') ~ ", " ~ json_text('body', 'workflow_job') ~ ", body)", object_fields) }} as said,
        {{ parse_json('body', graph_fields) }} as graph,
        {{ parse_json('body', {'action': 'string', 'repository': repository, 'sender': person}) }} as beside
    from unfolded

),

named as (

    select
        parsed.*,
        case
            when graph.CommitOid is not null then 'deployment'
            when said.run_started_at is not null or said.workflow_id is not null and said.event is not null then 'workflow_run'
            when said.run_id is not null then 'workflow_job'
            when said.base.sha is not null then 'pull_request'
            when said.pull_request_review_id is not null then 'comment'
            when said.submitted_at is not null then 'review'
            when said.commit.message is not null and said.sha is not null then 'commit'
            when said.check_suite.id is not null then 'check_run'
            when said.latest_check_runs_count is not null then 'check_suite'
            when said.deployment_url is not null then 'deployment_status'
            when said.task is not null and said.environment is not null then 'deployment'
            when said.protection_rules is not null then 'environment'
            when said.enforcement is not null then 'ruleset'
            when said.url like '%/branches/%/protection' then 'branch_protection'
            when said.default_branch is not null then 'repository'
            when said.context is not null then 'status'
            when said.event is not null and said.actor.login is not null then 'event'
            when said.body is not null and said.user.login is not null then 'comment'
        end as thing
    from parsed

),

opened as (

    select
        named.*,
        concat_ws('.', thing, coalesce(beside.action, 'observed')) as done,
        coalesce(
            case when thing = 'repository' then said.full_name end, said.base.repo.full_name, said.repository.full_name,
            beside.repository.full_name, case when said.source_type = 'Repository' then said.source end,
            nullif(
                regexp_extract(
                    coalesce(said.url, said.pull_request_url, said.repository_url, said.html_url, graph.Repository.Url),
                    '^https?://(api[.]github[.]com/repos|github[.]com|[^/]+/api/v3/repos)/([^/]+/[^/]+)', 2
                ), ''
            )
        ) as repo_name,
        coalesce(
            case when thing = 'repository' then said.id end, said.base.repo.id, said.repository.id, beside.repository.id
        ) as repo_uid,
        coalesce(
            case when thing = 'pull_request' then said.number end,
            {{ list_item(list_where('said.pull_requests', is_own), 1) }}.number,
            nullif(regexp_extract(said.pull_request_url, '/pulls/([0-9]+)$', 1), '')
        ) as change_uid,
        case thing when 'workflow_run' then said.id when 'workflow_job' then said.run_id end as run_uid,
        case thing
            when 'deployment' then coalesce(graph.DatabaseId, said.id)
            when 'deployment_status' then nullif(regexp_extract(said.deployment_url, '/deployments/([0-9]+)$', 1), '')
        end as deployment_uid,
        coalesce(
            said.user.login, said.triggering_actor.login, said.actor.login, said.creator.login, said.author.login, beside.sender.login
        ) as actor_login,
        coalesce(said.user.id, said.triggering_actor.id, said.actor.id, said.creator.id, said.author.id, beside.sender.id) as actor_uid,
        coalesce(said.user.type, said.triggering_actor.type, said.actor.type, said.creator.type, said.author.type, beside.sender.type) as actor_type
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
            -- what was not signed by GitHub is told, and marked: it proves nothing
            when proof_state is not null then 2
            when said.conclusion in ('failure', 'cancelled', 'timed_out', 'startup_failure', 'action_required') then 2
            when thing in ('workflow_run', 'workflow_job', 'check_run') and said.conclusion is null then 0
            when thing is null then 0
            else 1
        end as result,
        case when actor_login like '%[bot]' or actor_type = 'Bot' then 'Bot' when actor_login is not null then 'User' end as actor_kind,
        nullif(regexp_extract(repo_name, '^([^/]+)/', 1), '') as account,
        case
            when run_uid is not null then 'workflow run'
            when deployment_uid is not null then 'deployment'
            when change_uid is not null then 'pull request'
            when repo_name is not null then 'repository'
        end as kind_of_resource,
        case
            when run_uid is not null then run_uid
            when deployment_uid is not null then deployment_uid
            when change_uid is not null then concat_ws('#', repo_name, change_uid)
            else repo_uid
        end as kind_uid,
        case
            when run_uid is not null then coalesce(said.workflow_name, case when thing = 'workflow_run' then said.name end)
            when deployment_uid is not null then coalesce(said.environment, graph.Environment)
            when change_uid is not null then concat_ws('#', repo_name, change_uid)
            else repo_name
        end as kind_name
    from matched

)
{%- endmacro %}

{% macro github_objects_columns(source, product) -%}
        {{ sdlc_activity(
            source, product, 'GitHub', uid='coalesce(said.node_id, graph.Id, said.sha, said.id)', code='done', text='body', provider='GitHub',
        ) }},
        case when thing = 'commit' then said.commit.message end as message,
        {{ timestamp_of_text('coalesce(said.run_started_at, said.started_at)') }} as start_time_dt,
        {{ timestamp_of_text("coalesce(said.completed_at, case when thing = 'workflow_run' and said.conclusion is not null then said.updated_at end)") }}
            as end_time_dt,
        coalesce(proof_state, said.conclusion, said.status, said.state, graph.State) as status_code,
        {{ unsigned_detail('proof_state') }} as status_detail,
        {{ json_without('body', [
            'id', 'node_id', 'url', 'user', 'head', 'base', 'repository', 'actor', 'triggering_actor', 'title', 'number', 'sha', 'commit', 'sender',
            'workflow_run', 'workflow_job', 'workflow', 'organization', 'enterprise', '_links',
        ]) }} as unmapped,
        -- class extras: the sdlc profile
        case
            when thing = 'workflow_run' then case
                when said.conclusion is not null then 'pipelinerun.finished'
                when said.status = 'in_progress' then 'pipelinerun.started'
                else 'pipelinerun.queued'
            end
            when thing in ('workflow_job', 'check_run') then case
                when said.conclusion is not null then 'taskrun.finished'
                when said.status = 'in_progress' then 'taskrun.started'
                else 'taskrun.queued'
            end
            when thing = 'status' then 'taskrun.finished'
            when thing = 'pull_request' then 'change.observed'
            when thing = 'review' then 'change.reviewed'
            when thing = 'commit' then 'commit.observed'
            when thing in ('deployment', 'deployment_status') then 'service.deployed'
            when thing in ('repository', 'ruleset', 'branch_protection') then 'repository.observed'
        end as sdlc_event_type,
        'github' as vcs_provider,
        repo_name as vcs_repository_name,
        repo_uid as vcs_repository_uid,
        case when thing = 'repository' then coalesce(said.visibility, case said.private when 'true' then 'private' when 'false' then 'public' end) end
            as vcs_repository_visibility,
        coalesce(said.head.ref, said.head_branch, case when thing = 'deployment' then coalesce(said.ref, graph.Ref.Name) end) as vcs_ref_name,
        case when coalesce(said.head.ref, said.head_branch) is not null then 'branch' end as vcs_ref_type,
        coalesce(said.head.sha, said.head_sha, said.commit_id, said.sha, graph.CommitOid) as vcs_ref_revision,
        said.base.sha as vcs_base_revision,
        said.base.ref as vcs_base_name,
        change_uid as vcs_change_uid,
        case when thing = 'pull_request' then said.title end as vcs_change_title,
        case when thing = 'pull_request' then said.user.login end as vcs_change_author,
        case
            when thing <> 'pull_request' then null
            when said.merged_at is not null then 'merged'
            when said.state = 'closed' then 'closed'
            when said.draft = 'true' then 'draft'
            else 'open'
        end as vcs_change_state,
        -- before the merge it is that of a trial
        case when said.merged_at is not null then said.merge_commit_sha end as vcs_merge_revision,
        case when thing = 'review' then lower(said.state) end as vcs_review_state,
        case when thing = 'commit' then said.commit.author.name end as vcs_commit_author,
        case when thing = 'commit' then said.commit.author.email end as vcs_commit_author_email_addr,
        case when thing = 'commit' then said.commit.verification.reason end as vcs_commit_signature,
        case when thing = 'commit' then said.commit.verification.verified = 'true' end as vcs_is_signature_verified,
        case
            when thing = 'branch_protection' then 'branch protection'
            when thing = 'ruleset' then 'ruleset'
            when thing = 'repository' and said.archived is not null then 'archived'
        end as vcs_setting_name,
        case
            when thing = 'branch_protection' then nullif(regexp_extract(said.url, '/branches/(.+)/protection$', 1), '')
            when thing = 'ruleset' then said.name
        end as vcs_setting_target,
        case
            when thing = 'branch_protection' then 'present'
            when thing = 'ruleset' then said.enforcement
            when thing = 'repository' then case said.archived when 'true' then 'present' when 'false' then 'absent' end
        end as vcs_setting_value,
        case when coalesce(run_uid, deployment_uid) is not null then 'github' end as cicd_provider,
        case thing when 'workflow_run' then said.name when 'workflow_job' then said.workflow_name when 'check_run' then said.app.name end
            as cicd_pipeline_name,
        case when thing = 'workflow_run' then said.path end as cicd_pipeline_path,
        run_uid as cicd_run_uid,
        try_cast(said.run_attempt as integer) as cicd_run_attempt,
        case
            when thing in ('workflow_run', 'workflow_job', 'check_run') then said.conclusion
            when thing = 'status' then said.state
        end as cicd_run_result,
        case when thing = 'workflow_run' then said.event end as cicd_trigger,
        case when said.runner_group_name = 'GitHub Actions' then 'hosted' when said.runner_name <> '' then 'self-hosted' end as cicd_runner_type,
        case when thing in ('workflow_job', 'check_run') then said.id end as cicd_task_uid,
        case when thing in ('workflow_job', 'check_run') then said.name when thing = 'status' then said.context end as cicd_task_name,
        case when thing = 'environment' then said.name else coalesce(said.environment, graph.Environment) end as cicd_environment_name,
        deployment_uid as cicd_deployment_uid,
        case thing
            when 'deployment' then lower(coalesce(graph.LatestStatus.State, graph.State, 'created'))
            when 'deployment_status' then said.state
        end as cicd_deployment_state
{%- endmacro %}
