{{ routes_to(['api_activity', 'authentication', 'account_change', 'user_access', 'group_management', 'base_event']) }}

{# Fields by action: https://github.com/github/docs/tree/main/src/audit-logs/data #}
{% set event_fields = {
    '_document_id': 'string', 'action': 'string', 'operation_type': 'string', 'request_id': 'string',
    'actor': 'string', 'actor_id': 'string', 'actor_ip': 'string', 'actor_is_bot': 'string',
    'actor_location': {'country_code': 'string'}, 'external_identity_nameid': 'string', 'external_identity_username': 'string',
    'hashed_token': 'string', 'token_id': 'string', 'programmatic_access_type': 'string', 'user_agent': 'string',
    'business': 'string', 'org': 'string', 'repo': 'string', 'repo_id': 'string', 'repository': 'string', 'repository_id': 'string',
    'repository_public': 'string', 'public_repo': 'string', 'visibility': 'string',
    'team': 'string', 'team_id': 'string', 'user': 'string', 'user_id': 'string', 'invitee_email': 'string', 'reviewer': 'string',
    'permission': 'string', 'new_repo_permission': 'string', 'organization_role_name': 'string', 'organization_role_id': 'string',
    'enterprise_role_name': 'string', 'enterprise_role_id': 'string',
    'pull_request_url': 'string', 'branch': 'string', 'before': 'string', 'after': 'string', 'name': 'string',
    'workflow_run_id': 'string', 'run_attempt': 'string', 'head_branch': 'string', 'head_sha': 'string', 'event': 'string',
    'conclusion': 'string', 'started_at': 'string', 'completed_at': 'string', 'job_workflow_ref': 'string',
    'is_hosted_runner': 'string', 'environment_name': 'string', 'runner_id': 'string', 'runner_name': 'string',
    'ruleset_name': 'string', 'ruleset_enforcement': 'string', 'title': 'string', 'hook_id': 'string', 'job_name': 'string',
    'data': {'team': 'string', 'repo': 'string', 'user': 'string', 'permission': 'string', 'visibility': 'string'},
} %}
{# What stands in columns of its own; the rest of an event is `unmapped`. #}
{% set mapped = [
    '@timestamp', '_document_id', 'action', 'actor', 'actor_id', 'actor_ip', 'actor_location', 'actor_is_bot', 'business', 'org',
    'repo', 'repo_id', 'repository', 'repository_id', 'created_at', 'external_identity_nameid', 'external_identity_username',
    'hashed_token', 'user_agent', 'request_id', 'user', 'user_id', 'team', 'team_id', 'visibility', 'head_branch', 'head_sha',
    'workflow_run_id', 'run_attempt', 'conclusion', 'event', 'started_at', 'completed_at', 'environment_name', 'job_workflow_ref',
    'pull_request_url', 'branch', 'before', 'after',
] %}

with

records as (

    select * from {{ new_rows(source('bronze', 'github_audit')) }}

),

kinds as (

    select * from {{ ref('github_audit') }}

),

parsed as (

    select
        records.*,
        {{ parse_json('raw', event_fields) }} as event
    from records

),

opened as (

    select
        parsed.*,
        nullif(event.actor, '') as actor_login,
        nullif(nullif(event.actor_id, ''), '0') as actor_uid,
        coalesce(nullif(event.org, ''), nullif(event.business, '')) as account,
        coalesce(nullif(event.repo, ''), nullif(event.repository, ''), nullif(event.data.repo, '')) as repo_name,
        coalesce(nullif(nullif(event.repo_id, ''), '0'), nullif(nullif(event.repository_id, ''), '0')) as repo_uid,
        coalesce(nullif(event.team, ''), nullif(event.data.team, '')) as team_name,
        coalesce(nullif(event.user, ''), nullif(event.data.user, ''), nullif(event.invitee_email, '')) as about_user,
        coalesce(nullif(event.visibility, ''), nullif(event.data.visibility, '')) as seen_by,
        coalesce(
            nullif(event.permission, ''), nullif(event.data.permission, ''), event.organization_role_name, event.enterprise_role_name,
            case
                when event.action in ('repo.add_member', 'repo.update_member', 'repo.remove_member', 'repo.temporary_access_granted')
                    then 'collaborator'
                when event.action like 'team.%_maintainer' then 'maintainer'
                when event.action like 'business.%_admin' then 'owner'
                when event.action like '%.%_billing_manager' then 'billing manager'
                when event.action like 'integration.manager_%' then 'app manager'
            end
        ) as privilege,
        nullif(regexp_extract(event.pull_request_url, '/pull/([0-9]+)', 1), '') as pull_request,
        event.action like 'workflows.%' as is_workflow,
        event.action like 'protected_branch.%' as is_branch_rule,
        -- what of a repository's state the event sets, and to what
        case
            when event.action in ('protected_branch.create', 'protected_branch.destroy') then 'branch protection'
            when event.action like 'protected_branch.update%' then 'branch protection'
            when event.action in ('repository_ruleset.create', 'repository_ruleset.update', 'repository_ruleset.destroy') then 'ruleset'
            when event.action in ('public_key.create', 'public_key.update', 'public_key.delete') and event.repo <> '' then 'deploy key'
            when event.action in ('hook.create', 'hook.config_changed', 'hook.events_changed', 'hook.destroy') and event.repo <> ''
                then 'webhook'
            when event.action in ('repo.archived', 'repo.unarchived') then 'archived'
            when event.action in ('repository_secret_scanning.enable', 'repository_secret_scanning.disable') then 'secret scanning'
            when event.action in ('repository_vulnerability_alerts.enable', 'repository_vulnerability_alerts.disable')
                then 'dependency alerts'
        end as setting,
        case
            when event.action like '%.destroy' or event.action like '%.delete' or event.action = 'repo.unarchived' then 'absent'
            -- of a ruleset, in the API's words: active, evaluate or disabled
            when event.action like 'repository_ruleset.%' and event.ruleset_enforcement = 'enabled' then 'active'
            when event.action like 'repository_ruleset.%' and event.ruleset_enforcement <> '' then event.ruleset_enforcement
            when event.action like '%.disable' then 'disabled'
            when event.action like '%.enable' then 'enabled'
            else 'present'
        end as setting_value,
        nullif(regexp_extract(event.action, '[.]([a-z]+)[a-z_]*$', 1), '') as verb,
        {{ is_ip('event.actor_ip') }} as is_from_ip
    from parsed

),

matched as (

    select
        opened.*,
        kinds.activity_id as kind_activity,
        -- a change that names no privilege or no group lacks what its class requires: it is still a call
        case
            when kinds.class_uid = 3005 and opened.privilege is null then null
            when kinds.class_uid = 3006 and opened.team_name is null then null
            else kinds.class_uid
        end as kind_class
    from opened
    left join kinds on opened.event.action = kinds.action

),

classified as (

    select
        matched.*,
        case when event.action is null then 0 else coalesce(kind_class, 6003) end as to_class,
        case
            when event.action is null then 99
            when kind_class is not null then kind_activity
            when kind_activity is not null then 3
            when event.operation_type = 'create' then 1
            when event.operation_type in ('access', 'authentication') then 2
            when event.operation_type in ('modify', 'restore', 'transfer') then 3
            when event.operation_type = 'remove' then 4
            when verb in (
                'create', 'created', 'add', 'added', 'register', 'invite', 'generate', 'publish', 'grant', 'provision'
            ) then 1
            when verb in ('download', 'clone', 'fetch', 'export', 'list', 'view') then 2
            when verb in ('destroy', 'delete', 'deleted', 'remove', 'removed') then 4
            when verb in (
                'update', 'updated', 'change', 'changed', 'enable', 'enabled', 'disable', 'disabled', 'set', 'rename', 'transfer',
                'approve', 'deny', 'revoke', 'suspend', 'unsuspend', 'dismiss', 'resolve', 'reopen', 'close', 'merge', 'clear',
                'accept', 'cancel', 'archived', 'unarchived', 'pinned', 'unpinned', 'assign', 'unassign', 'rerun', 'lock', 'unlock'
            ) then 3
            else 99
        end as to_activity,
        case
            when event.action is null then 0
            when event.action like '%_failure' then 2
            when event.action in ('user.failed_login', 'protected_branch.rejected_ref_update', 'workflows.actions_policy_violation') then 2
            else 1
        end as result,
        -- the resource: what the event changes, the most exact first
        case
            when is_workflow and event.workflow_run_id is not null then 'workflow run'
            when pull_request is not null then 'pull request'
            when event.action like '%.%self_hosted_runner%' then 'runner'
            when event.action like 'team.%' and team_name is not null then 'team'
            when repo_name is not null then 'repository'
            when team_name is not null then 'team'
            when account is not null then 'organization'
        end as kind_of_resource
    from matched

),

resourced as (

    select
        classified.*,
        case kind_of_resource
            when 'workflow run' then event.workflow_run_id
            when 'pull request' then repo_name || '#' || pull_request
            when 'runner' then event.runner_id
            when 'team' then event.team_id
            when 'repository' then repo_uid
        end as kind_uid,
        case kind_of_resource
            when 'workflow run' then event.name
            when 'pull request' then repo_name || '#' || pull_request
            when 'runner' then event.runner_name
            when 'team' then team_name
            when 'repository' then repo_name
            when 'organization' then account
        end as kind_name,
        to_class in (3001, 3002, 3005) or (to_class = 3006 and about_user is not null) as has_user,
        case
            when event.external_identity_nameid like '%@%' then event.external_identity_nameid
            when event.external_identity_username like '%@%' then event.external_identity_username
        end as actor_email
    from classified

),

final as (

    select
        -- identity, lineage and time: the stream and the API may write one event in different bytes
        {{ ocsf_identity_columns(
            'github_audit', 'Audit Log', 'GitHub', uid='event._document_id', code='event.action',
            profiles=['cloud', 'datetime', 'sdlc', 'security_control'],
            text='case when event._document_id is null then raw else '
            ~ entity_key(['event._document_id', 'event.action', 'event_time', 'account', 'repo_name', 'actor_login', 'about_user']) ~ ' end',
        ) }},
        case when is_workflow then {{ timestamp_of_text('event.started_at') }} end as start_time_dt,
        case when is_workflow then {{ timestamp_of_text('event.completed_at') }} end as end_time_dt,
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'event.action') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        cast(case result when 1 then 1 when 2 then 2 end as integer) as action_id,
        -- actor
        actor_login as actor_user_name,
        actor_uid as actor_user_uid,
        nullif(event.external_identity_nameid, '') as actor_user_uid_alt,
        case when event.actor_is_bot = 'true' or actor_login like '%[bot]' then 'Bot' when actor_login is not null then 'User' end
            as actor_user_type,
        cast(
            case when event.actor_is_bot = 'true' or actor_login like '%[bot]' then 99 when actor_login is not null then 1 end as integer
        ) as actor_user_type_id,
        actor_email as actor_user_email_addr,
        account as actor_user_account_uid,
        coalesce(nullif(event.hashed_token, ''), nullif(nullif(event.token_id, ''), '0')) as actor_user_credential_uid,
        case when actor_login is null and actor_uid is null then 'GitHub' else nullif(event.programmatic_access_type, '') end
            as actor_app_name,
        -- network
        case when is_from_ip then event.actor_ip end as src_endpoint_ip,
        case when not coalesce(is_from_ip, false) then 'GitHub' end as src_endpoint_svc_name,
        nullif(event.actor_location.country_code, '') as src_endpoint_country,
        'GitHub' as dst_endpoint_svc_name,
        -- api and cloud
        event.action as api_operation,
        'GitHub' as api_service_name,
        nullif(event.request_id, '') as api_request_uid,
        'GitHub' as cloud_provider,
        account as cloud_account_uid,
        nullif(event.business, '') as cloud_org_uid,
        nullif(event.user_agent, '') as http_user_agent,
        coalesce(kind_uid, kind_name) as resource_uid,
        kind_name as resource_name,
        kind_of_resource as resource_type,
        case
            when kind_of_resource is not null
                then {{ list_of([struct_of({
                    'uid': 'coalesce(kind_uid, kind_name)', 'name': 'kind_name', 'type': 'kind_of_resource', 'account_uid': 'account',
                })]) }}
        end as resources,
        {{ json_without('raw', mapped) }} as unmapped,
        -- class extras: the user that the event is about
        case
            when to_class = 3002 then coalesce(actor_login, about_user, 'unknown')
            when has_user then coalesce(about_user, actor_login, 'unknown')
        end as user_name,
        case
            when to_class = 3002 then actor_uid
            when has_user and about_user is not null then nullif(nullif(event.user_id, ''), '0')
            when has_user then actor_uid
        end as user_uid,
        case when has_user then 'User' end as user_type,
        case
            when has_user and (to_class = 3002 or about_user is null or about_user = actor_login) then actor_email
            when has_user and about_user like '%@%' then about_user
        end as user_email_addr,
        case when has_user then account end as user_account_uid,
        case when to_class in (3005, 3006) and privilege is not null then {{ list_of(['privilege']) }} end as privileges,
        case when to_class = 3005 then coalesce(event.organization_role_id, event.enterprise_role_id) end as policy_uid,
        case when to_class = 3005 then coalesce(event.organization_role_name, event.enterprise_role_name) end as policy_name,
        case when to_class = 3006 then team_name end as group_name,
        case when to_class = 3006 then nullif(event.team_id, '') end as group_uid,
        -- class extras: authentication
        cast(case when to_class = 3002 and event.action like '%.sso_response' then 5 end as integer) as auth_protocol_id,
        case when to_class = 3002 then 'GitHub' end as service_name,
        -- class extras: the sdlc profile
        case
            when event.action in ('git.push', 'protected_branch.policy_override') then 'commit.pushed'
            when event.action = 'pull_request.create' then 'change.created'
            when event.action in ('pull_request.merge', 'pull_request.indirect_merge') then 'change.merged'
            when event.action = 'pull_request.close' then 'change.abandoned'
            when event.action = 'pull_request_review.submit' then 'change.reviewed'
            -- whoever dismisses or deletes a review is not its reviewer, whom the log does not name
            when event.action like 'pull_request_review.%' or event.action like 'pull_request.%' then 'change.updated'
            when event.action = 'workflows.created_workflow_run' then 'pipelinerun.queued'
            when event.action = 'workflows.prepared_workflow_job' then 'taskrun.queued'
            when event.action = 'workflows.completed_workflow_run' then 'pipelinerun.finished'
            when event.action like 'environment.%' then 'environment.modified'
            when event.action in ('repo.create', 'repo.restore') then 'repository.created'
            when event.action = 'repo.destroy' then 'repository.deleted'
            when setting is not null or event.action in ('repo.access', 'repo.rename', 'repo.transfer') then 'repository.modified'
        end as sdlc_event_type,
        'github' as vcs_provider,
        repo_name as vcs_repository_name,
        repo_uid as vcs_repository_uid,
        case
            when seen_by is not null then seen_by
            when coalesce(event.public_repo, event.repository_public) = 'true' then 'public'
        end as vcs_repository_visibility,
        coalesce(event.head_branch, regexp_replace(event.branch, '^refs/(heads|tags)/', ''), case when is_branch_rule then event.name end)
            as vcs_ref_name,
        case when event.branch like 'refs/tags/%' then 'tag' when event.branch is not null or is_branch_rule then 'branch' end
            as vcs_ref_type,
        coalesce(event.head_sha, event.after) as vcs_ref_revision,
        event.before as vcs_base_revision,
        pull_request as vcs_change_uid,
        case event.action
            when 'pull_request.create' then 'open'
            when 'pull_request.reopen' then 'open'
            when 'pull_request.ready_for_review' then 'open'
            when 'pull_request.converted_to_draft' then 'draft'
            when 'pull_request.merge' then 'merged'
            when 'pull_request.indirect_merge' then 'merged'
            when 'pull_request.close' then 'closed'
        end as vcs_change_state,
        case when event.action = 'pull_request.create' then actor_login end as vcs_change_author,
        setting as vcs_setting_name,
        case setting
            when 'branch protection' then event.name
            when 'ruleset' then event.ruleset_name
            when 'deploy key' then event.title
            when 'webhook' then event.hook_id
        end as vcs_setting_target,
        case when setting is not null then setting_value end as vcs_setting_value,
        case when is_workflow then 'github' end as cicd_provider,
        case when is_workflow then event.job_name end as cicd_task_name,
        case when is_workflow then event.name end as cicd_pipeline_name,
        event.job_workflow_ref as cicd_pipeline_path,
        event.workflow_run_id as cicd_run_uid,
        try_cast(event.run_attempt as integer) as cicd_run_attempt,
        event.conclusion as cicd_run_result,
        case when is_workflow then event.event end as cicd_trigger,
        case event.is_hosted_runner when 'true' then 'hosted' when 'false' then 'self-hosted' end as cicd_runner_type,
        nullif(event.environment_name, '') as cicd_environment_name
    from resourced

)

select * from final
