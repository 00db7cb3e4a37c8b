{{ routes_to(['api_activity', 'user_access', 'group_management', 'account_change', 'base_event']) }}

{# https://docs.github.com/webhooks/webhook-events-and-payloads #}
{% set person = {'login': 'string', 'id': 'string', 'type': 'string'} %}
{% set repository_fields = {
    'id': 'string', 'full_name': 'string', 'private': 'string', 'visibility': 'string', 'archived': 'string', 'owner': person,
} %}
{% set side = {'ref': 'string', 'sha': 'string', 'repo': {'full_name': 'string'}} %}
{% set change = {
    'number': 'string', 'title': 'string', 'state': 'string', 'draft': 'string', 'merged': 'string', 'merged_at': 'string',
    'merge_commit_sha': 'string', 'user': person, 'head': side, 'base': side,
} %}
{# Of a run on a branch that other repositories' pull requests come from, too: only those of its own are its changes. #}
{% set pulls = [{'number': 'string', 'base': {'repo': {'id': 'string'}}}] %}
{% set is_own = 'not coalesce(item.base.repo.id <> event.repository.id, false)' %}
{% set run = {
    'id': 'string', 'name': 'string', 'path': 'string', 'event': 'string', 'status': 'string', 'conclusion': 'string',
    'head_branch': 'string', 'head_sha': 'string', 'run_attempt': 'string', 'run_started_at': 'string', 'updated_at': 'string',
    'actor': person, 'triggering_actor': person, 'pull_requests': pulls,
} %}
{% set check = {
    'id': 'string', 'name': 'string', 'status': 'string', 'conclusion': 'string', 'head_sha': 'string', 'head_branch': 'string',
    'started_at': 'string', 'completed_at': 'string', 'app': {'name': 'string', 'slug': 'string'}, 'pull_requests': pulls,
} %}
{% set body_fields = {
    'action': 'string', 'ref': 'string', 'ref_type': 'string', 'before': 'string', 'after': 'string', 'forced': 'string',
    'created': 'string', 'deleted': 'string', 'master_branch': 'string', 'number': 'string', 'zen': 'string', 'scope': 'string',
    'sha': 'string', 'state': 'string', 'context': 'string', 'starred_at': 'string', 'pusher_type': 'string',
    'repository': repository_fields, 'organization': {'login': 'string', 'id': 'string'}, 'enterprise': {'slug': 'string'},
    'sender': person, 'pusher': {'name': 'string', 'email': 'string'}, 'commits': 'json',
    'head_commit': {
        'id': 'string', 'message': 'string', 'author': {'name': 'string', 'email': 'string', 'username': 'string'},
    },
    'pull_request': change, 'review': {'id': 'string', 'state': 'string', 'user': person, 'commit_id': 'string'},
    'comment': 'json', 'thread': 'json', 'issue': 'json', 'release': {'tag_name': 'string', 'name': 'string'},
    'workflow_run': run,
    'workflow_job': {
        'id': 'string', 'run_id': 'string', 'run_attempt': 'string', 'name': 'string', 'workflow_name': 'string', 'status': 'string',
        'conclusion': 'string', 'head_sha': 'string', 'head_branch': 'string', 'started_at': 'string', 'completed_at': 'string',
        'labels': ['string'], 'runner_name': 'string', 'runner_group_name': 'string',
    },
    'check_run': check, 'check_suite': check,
    'deployment': {
        'id': 'string', 'sha': 'string', 'ref': 'string', 'environment': 'string', 'creator': person,
    },
    'deployment_status': {'id': 'string', 'state': 'string', 'environment': 'string', 'creator': person},
    'rule': {'name': 'string', 'id': 'string'}, 'repository_ruleset': {'name': 'string', 'enforcement': 'string'},
    'key': {'id': 'string', 'title': 'string', 'read_only': 'string'}, 'hook': {'id': 'string'}, 'hook_id': 'string',
    'alert': {'number': 'string', 'secret_type': 'string', 'rule': 'json', 'security_advisory': 'json'},
    'member': person, 'membership': {'role': 'string', 'user': person}, 'team': {'name': 'string', 'id': 'string'},
    'changes': {
        'permission': {'to': 'string'}, 'role_name': {'to': 'string'}, 'repository': {'name': {'from': 'string'}},
    },
    'forkee': {'full_name': 'string'}, 'installation': {'id': 'string'}, 'label': 'json', 'milestone': 'json', 'package': {'name': 'string'},
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'github_webhook')) }}

),

kinds as (

    select * from {{ ref('github_webhook') }}

),

lines as (

    select
        records.*,
        {{ parse_json('raw', {'headers': 'json', 'body': 'json', 'received_at': 'string'}) }} as line
    from records

),

told as (

    select
        lines.*,
        -- a body may be the text that was signed, or the JSON itself; a line without one is a bare body
        coalesce({{ json_text('line.body') }}, raw) as body,
        {{ collected_header('line.headers', 'x-github-event') }} as said_event,
        {{ unsigned('attributes') }} as proof_state
    from lines

),

parsed as (

    select
        told.*,
        {{ parse_json('body', body_fields) }} as event
    from told

),

named as (

    select
        parsed.*,
        coalesce(
            said_event,
            case
                when event.zen is not null then 'ping'
                when event.review.state is not null then 'pull_request_review'
                when event.thread is not null then 'pull_request_review_thread'
                when event.comment is not null and event.pull_request.number is not null then 'pull_request_review_comment'
                when event.comment is not null and event.issue is not null then 'issue_comment'
                when event.deployment_status.state is not null then 'deployment_status'
                when event.deployment.id is not null then 'deployment'
                when event.workflow_job.id is not null then 'workflow_job'
                when event.workflow_run.id is not null then 'workflow_run'
                when event.check_run.id is not null then 'check_run'
                when event.check_suite.id is not null then 'check_suite'
                when event.pull_request.number is not null then 'pull_request'
                when event.issue is not null then 'issues'
                when event.release.tag_name is not null then 'release'
                when event.rule.name is not null then 'branch_protection_rule'
                when event.repository_ruleset.name is not null then 'repository_ruleset'
                when event.alert.secret_type is not null then 'secret_scanning_alert'
                when event.alert.security_advisory is not null then 'dependabot_alert'
                when event.alert.rule is not null then 'code_scanning_alert'
                when event.alert.number is not null then 'repository_vulnerability_alert'
                when event.key.id is not null then 'deploy_key'
                when event.forkee.full_name is not null then 'fork'
                when event.after is not null and event.ref is not null and event.commits is not null then 'push'
                when event.ref_type is not null and event.master_branch is not null then 'create'
                when event.ref_type is not null then 'delete'
                when event.context is not null and event.sha is not null then 'status'
                when event.member.login is not null and event.team.name is not null then 'membership'
                when event.member.login is not null then 'member'
                when event.membership.role is not null then 'organization'
                when event.team.name is not null then 'team'
                when event.package.name is not null then 'package'
                when event.label is not null then 'label'
                when event.milestone is not null then 'milestone'
                when event.installation.id is not null and event.action in ('created', 'deleted', 'suspend', 'unsuspend')
                    then 'installation'
                when event.repository.full_name is not null and event.action is not null then 'repository'
                when event.repository.full_name is not null then 'public'
            end
        ) as kind_of_event
    from parsed

),

opened as (

    select
        named.*,
        concat_ws('.', kind_of_event, event.action) as done,
        nullif(event.sender.login, '') as actor_login,
        event.sender.id as actor_uid,
        event.sender.type as sender_type,
        coalesce(event.organization.login, event.repository.owner.login, event.enterprise.slug) as account,
        event.repository.full_name as repo_name,
        event.repository.id as repo_uid,
        case when event.action in ('member_added', 'member_removed') then event.membership.user.login else event.member.login end
            as about_user,
        case when event.action in ('member_added', 'member_removed') then event.membership.user.id else event.member.id end as about_uid,
        coalesce(event.changes.role_name.to, event.changes.permission.to, 'collaborator') as privilege,
        coalesce(
            event.pull_request.number,
            {{ list_item(list_where('event.workflow_run.pull_requests', is_own), 1) }}.number,
            {{ list_item(list_where('event.check_run.pull_requests', is_own), 1) }}.number,
            {{ list_item(list_where('event.check_suite.pull_requests', is_own), 1) }}.number
        ) as change_number,
        case
            when kind_of_event = 'push' and event.deleted = 'true' then event.before
            when kind_of_event = 'push' then event.after
            when kind_of_event = 'status' then event.sha
        end as pushed_revision,
        regexp_replace(
            coalesce(event.ref, event.workflow_run.head_branch, event.workflow_job.head_branch, event.check_suite.head_branch),
            '^refs/(heads|tags)/', ''
        ) as ref_name,
        case kind_of_event
            when 'branch_protection_rule' then 'branch protection'
            when 'repository_ruleset' then 'ruleset'
            when 'deploy_key' then 'deploy key'
            when 'member' then 'collaborator'
            when 'repository' then case when event.action in ('archived', 'unarchived') then 'archived' end
        end as setting
    from named

),

matched as (

    select
        opened.*,
        kinds.activity_id as kind_activity,
        kinds.class_uid as kind_class,
        kinds.sdlc_event_type as kind_type
    from opened
    left join kinds on opened.done = kinds.kind

),

classified as (

    select
        matched.*,
        case
            when kind_of_event is null then 0
            when kind_class in (3001, 3005, 3006) and about_user is null then 6003
            when kind_class in (3005) and repo_name is null then 6003
            else coalesce(kind_class, 6003)
        end as to_class,
        case
            when kind_of_event is null then 99
            when kind_class in (3001, 3005, 3006) and about_user is null then 99
            when kind_activity is not null then kind_activity
            when event.action in ('created', 'opened', 'added', 'published', 'submitted', 'requested', 'queued') then 1
            when event.action in ('deleted', 'removed', 'destroyed') then 4
            when event.action is not null then 3
            else 99
        end as to_activity,
        -- what was not signed by GitHub is told, and marked: it proves nothing
        case when proof_state is not null then 2 when kind_of_event is null then 0 else 1 end as result,
        case
            when sender_type = 'Bot' or actor_login like '%[bot]' then 'Bot'
            when actor_login is not null then 'User'
        end as actor_kind,
        case
            when event.deployment.id is not null then 'deployment'
            when coalesce(event.workflow_run.id, event.workflow_job.run_id) is not null then 'workflow run'
            when change_number is not null then 'pull request'
            when repo_name is not null then 'repository'
            when event.team.name is not null then 'team'
            when account is not null then 'organization'
        end as kind_of_resource
    from matched

),

resourced as (

    select
        classified.*,
        case kind_of_resource
            when 'workflow run' then coalesce(event.workflow_run.id, event.workflow_job.run_id)
            when 'deployment' then event.deployment.id
            when 'pull request' then concat_ws('#', repo_name, change_number)
            when 'repository' then repo_uid
            when 'team' then event.team.id
        end as kind_uid,
        case kind_of_resource
            when 'workflow run' then coalesce(event.workflow_run.name, event.workflow_job.workflow_name)
            when 'deployment' then event.deployment.environment
            when 'pull request' then concat_ws('#', repo_name, change_number)
            when 'repository' then repo_name
            when 'team' then event.team.name
            when 'organization' then account
        end as kind_name,
        to_class in (3001, 3005, 3006) as has_user
    from classified

),

final as (

    select
        {{ sdlc_activity(
            'github_webhook', 'Webhooks', 'GitHub', uid=collected_header('line.headers', 'x-github-delivery'), code='done', text='body',
            provider='GitHub',
        ) }},
        proof_state as status_code,
        {{ unsigned_detail('proof_state') }} as status_detail,
        case when kind_of_event = 'push' then event.head_commit.message end as message,
        coalesce(
            {{ timestamp_of_text('event.workflow_run.run_started_at') }},
            {{ timestamp_of_text('event.workflow_job.started_at') }},
            {{ timestamp_of_text('event.check_run.started_at') }}
        ) as start_time_dt,
        coalesce(
            case when event.workflow_run.status = 'completed' then {{ timestamp_of_text('event.workflow_run.updated_at') }} end,
            {{ timestamp_of_text('event.workflow_job.completed_at') }},
            {{ timestamp_of_text('event.check_run.completed_at') }}
        ) as end_time_dt,
        {{ json_without('body', [
            'action', 'repository', 'organization', 'sender', 'pusher', 'ref', 'before', 'after', 'pull_request', 'review', 'workflow_run',
            'workflow_job', 'check_run', 'check_suite', 'deployment', 'deployment_status', 'head_commit', 'enterprise', 'installation',
        ]) }} as unmapped,
        -- class extras: the user that the event is about
        case when has_user then about_user end as user_name,
        case when has_user then about_uid end as user_uid,
        case when has_user then 'User' end as user_type,
        case when has_user then account end as user_account_uid,
        case when to_class = 3005 then {{ list_of(['privilege']) }} end as privileges,
        case when to_class = 3006 then event.team.name end as group_name,
        case when to_class = 3006 then event.team.id end as group_uid,
        -- class extras: the sdlc profile
        case
            when kind_of_event = 'push' and event.deleted = 'true'
                then case when event.ref like 'refs/tags/%' then 'tag.deleted' else 'branch.deleted' end
            when kind_of_event = 'push' then 'commit.pushed'
            when kind_of_event in ('create', 'delete')
                then event.ref_type || case kind_of_event when 'create' then '.created' else '.deleted' end
            when done = 'pull_request.closed' and event.pull_request.merged = 'true' then 'change.merged'
            when done = 'pull_request.closed' then 'change.abandoned'
            when kind_of_event = 'pull_request' and event.action <> 'opened' then 'change.updated'
            -- who dismisses or edits a review is not its reviewer: whose it is stands in vcs_reviews
            when done in ('pull_request_review.dismissed', 'pull_request_review.edited') then 'change.updated'
            when kind_of_event in ('workflow_run', 'check_suite')
                then case event.action
                    when 'completed' then 'pipelinerun.finished'
                    when 'in_progress' then 'pipelinerun.started'
                    else 'pipelinerun.queued'
                end
            when kind_of_event in ('workflow_job', 'check_run')
                then case event.action
                    when 'completed' then 'taskrun.finished'
                    when 'in_progress' then 'taskrun.started'
                    else 'taskrun.queued'
                end
            when kind_type is not null then kind_type
            when setting is not null then 'repository.modified'
        end as sdlc_event_type,
        'github' as vcs_provider,
        repo_name as vcs_repository_name,
        repo_uid as vcs_repository_uid,
        coalesce(
            event.repository.visibility,
            case
                when event.action = 'publicized' or kind_of_event = 'public' then 'public'
                when event.action = 'privatized' then 'private'
                when event.repository.private = 'true' then 'private'
                when event.repository.private = 'false' then 'public'
            end
        ) as vcs_repository_visibility,
        coalesce(event.pull_request.head.ref, ref_name, event.deployment.ref) as vcs_ref_name,
        case
            when event.ref_type is not null then event.ref_type
            when event.ref like 'refs/tags/%' then 'tag'
            when event.ref like 'refs/heads/%' or event.pull_request.head.ref is not null then 'branch'
        end as vcs_ref_type,
        coalesce(
            pushed_revision, event.review.commit_id, event.pull_request.head.sha, event.workflow_run.head_sha, event.workflow_job.head_sha,
            event.check_run.head_sha, event.check_suite.head_sha, event.deployment.sha
        ) as vcs_ref_revision,
        case when kind_of_event = 'push' then event.before else event.pull_request.base.sha end as vcs_base_revision,
        event.pull_request.base.ref as vcs_base_name,
        change_number as vcs_change_uid,
        event.pull_request.title as vcs_change_title,
        event.pull_request.user.login as vcs_change_author,
        case
            when event.pull_request.number is null then null
            when event.pull_request.merged = 'true' or event.pull_request.merged_at is not null then 'merged'
            when event.pull_request.state = 'closed' then 'closed'
            when event.pull_request.draft = 'true' then 'draft'
            else 'open'
        end as vcs_change_state,
        -- before the merge it is that of a trial
        case when event.pull_request.merged = 'true' then event.pull_request.merge_commit_sha end as vcs_merge_revision,
        case when done = 'pull_request_review.submitted' then lower(event.review.state) end as vcs_review_state,
        case
            when done in ('pull_request_review.dismissed', 'pull_request_review.edited') and event.review.user.login is not null
                then {{ list_of([struct_of({'reviewer': 'event.review.user.login', 'state': 'lower(event.review.state)'})]) }}
        end as vcs_reviews,
        case when kind_of_event = 'push' then event.head_commit.author.name end as vcs_commit_author,
        case when kind_of_event = 'push' then event.head_commit.author.email end as vcs_commit_author_email_addr,
        case when kind_of_event = 'push' then event.forced = 'true' end as vcs_is_forced,
        setting as vcs_setting_name,
        case setting
            when 'branch protection' then event.rule.name
            when 'ruleset' then event.repository_ruleset.name
            when 'deploy key' then event.key.title
            when 'collaborator' then event.member.login
        end as vcs_setting_target,
        case
            when setting is null then null
            when event.action in ('deleted', 'removed', 'unarchived') then 'absent'
            when setting = 'collaborator' then privilege
            -- active, evaluate or disabled
            when setting = 'ruleset' then coalesce(event.repository_ruleset.enforcement, 'present')
            else 'present'
        end as vcs_setting_value,
        case
            when coalesce(event.workflow_run.id, event.workflow_job.run_id, event.deployment.id, event.check_run.id) is not null
                then 'github'
        end as cicd_provider,
        coalesce(event.workflow_run.name, event.workflow_job.workflow_name, event.check_suite.app.name) as cicd_pipeline_name,
        event.workflow_run.path as cicd_pipeline_path,
        coalesce(event.workflow_run.id, event.workflow_job.run_id) as cicd_run_uid,
        try_cast(coalesce(event.workflow_run.run_attempt, event.workflow_job.run_attempt) as integer) as cicd_run_attempt,
        case
            when kind_of_event in ('deployment', 'deployment_status') then null
            when kind_of_event = 'status' then event.state
            else coalesce(
                event.workflow_run.conclusion, event.workflow_job.conclusion, event.check_run.conclusion, event.check_suite.conclusion
            )
        end as cicd_run_result,
        event.workflow_run.event as cicd_trigger,
        case
            when event.workflow_job.runner_group_name = 'GitHub Actions' then 'hosted'
            when event.workflow_job.runner_name is not null then 'self-hosted'
        end as cicd_runner_type,
        coalesce(event.workflow_job.id, event.check_run.id) as cicd_task_uid,
        case
            when kind_of_event in ('deployment', 'deployment_status') then null
            else coalesce(event.workflow_job.name, event.check_run.name, event.context)
        end as cicd_task_name,
        coalesce(event.deployment_status.environment, event.deployment.environment) as cicd_environment_name,
        event.deployment.id as cicd_deployment_uid,
        case when event.deployment.id is not null then coalesce(event.deployment_status.state, 'created') end as cicd_deployment_state
    from resourced

)

select * from final
