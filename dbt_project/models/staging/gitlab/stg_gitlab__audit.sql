{{ routes_to(['api_activity', 'authentication', 'account_change', 'user_access', 'group_management', 'base_event']) }}

{# https://docs.gitlab.com/administration/logs/#audit_jsonlog and https://docs.gitlab.com/user/compliance/audit_event_schema/ #}
{% set said = {
    'change': 'string', 'from': 'string', 'to': 'string', 'with': 'string', 'add': 'string', 'remove': 'string',
    'failed_login': 'string', 'custom_message': 'string', 'author_name': 'string', 'author_email': 'string', 'target_id': 'string',
    'target_type': 'string', 'target_details': 'string', 'ip_address': 'string', 'entity_path': 'string', 'event_name': 'string',
} %}
{% set event_fields = dict(
    said, id='string', author_id='string', entity_id='string', entity_type='string', event_type='string',
    details=said, correlation_id='string',
) %}
{# Members of audit_json.log have dots in their names. #}
{% set dotted = {'remote_ip': 'meta.remote_ip', 'caller': 'meta.caller_id', 'user': 'meta.user', 'project': 'meta.project'} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'gitlab_audit')) }}

),

kinds as (

    select * from {{ ref('gitlab_audit') }}

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
        coalesce(event.details.change, event.change) as change,
        coalesce(event.details.from, event.from) as changed_from,
        coalesce(event.details.to, event.to) as changed_to,
        coalesce(event.details.add, event.add) as added,
        coalesce(event.details.remove, event.remove) as removed,
        coalesce(event.details.with, event.with) as signed_in_with,
        coalesce(event.details.failed_login, event.failed_login) as failed_with,
        coalesce({{ json_text('body', 'details', 'as') }}, {{ json_text('body', 'as') }}) as given_role,
        coalesce(event.details.custom_message, event.custom_message) as told,
        coalesce(event.details.target_type, event.target_type) as target_type,
        coalesce(event.details.target_details, event.target_details) as target,
        coalesce(event.details.target_id, event.target_id) as target_uid,
        coalesce(event.entity_path, event.details.entity_path) as entity_path,
        coalesce(event.details.ip_address, event.ip_address, {{ json_text('body', dotted.remote_ip) }}) as address,
        coalesce(nullif(event.author_name, ''), event.details.author_name) as author,
        nullif(event.author_id, '-1') as author_uid,
        nullif(event.details.author_email, '') as author_email
    from parsed

),

named as (

    select
        opened.*,
        -- the name that newer versions give; of older ones, what the members say
        coalesce(
            event.event_type, event.details.event_name, event.event_name,
            case
                when failed_with is not null then 'login_failed'
                when signed_in_with is not null and target_type = 'User' then 'user_logged_in'
                when added = 'user_access' then 'member_created'
                when removed = 'user_access' then 'member_destroyed'
                when change = 'access_level' then 'member_updated'
                when added = 'user' then 'user_created'
                when removed = 'user' then 'user_destroyed'
                when change in ('visibility', 'visibility_level') and event.entity_type = 'Project' then 'project_visibility_level_updated'
                when added = 'project' then 'project_created'
                when removed = 'project' then 'project_destroyed'
                when change is not null then 'change_' || change
                when added is not null then 'add_' || added
                when removed is not null then 'remove_' || removed
                when told like 'Logged out%' or told like 'User logged out%' then 'user_logged_out'
                when told is not null then 'custom'
            end
        ) as done,
        case
            when event.entity_type = 'Project' then coalesce(entity_path, case when target_type = 'Project' then target end)
        end as repo_name,
        coalesce(given_role, case when change = 'access_level' then changed_to end) as role_given
    from opened

),

matched as (

    select
        named.*,
        coalesce(exact.class_uid, alike.class_uid) as rule_class,
        coalesce(exact.activity_id, alike.activity_id) as rule_activity,
        -- verbs stand at the end (member_created) or at the beginning (add_gpg_key)
        regexp_extract(regexp_replace(named.done, '_by_project_bot$', ''), '_([a-z]+)$', 1) as last_word,
        regexp_extract(named.done, '^([a-z]+)_', 1) as first_word,
        coalesce(
            named.role_given,
            case
                when named.done like 'member_%' or named.done like 'group_saml_member_%' then 'member'
                when named.done like 'user_admin_status_%' then 'admin'
                when named.done like 'user_auditor_status_%' then 'auditor'
                when named.done like 'custom_admin_role_%' then 'custom admin role'
            end
        ) as privilege
    from named
    left join kinds as exact
        on named.done = exact.kind and named.event.entity_type = exact.entity and exact.entity <> '*'
    left join kinds as alike
        on named.done = alike.kind and alike.entity = '*'

),

ruled as (

    select
        matched.*,
        -- what names no user, no privilege or no group lacks what its class requires: it is still a call
        case
            when rule_class in (3001, 3005, 3006) and coalesce(target, target_uid) is null then null
            when rule_class = 3005 and privilege is null then null
            when rule_class = 3006 and coalesce(entity_path, event.entity_id) is null then null
            else rule_class
        end as kind_class,
        case
            when done = 'user_impersonation' and told like 'Stopped%' then 2
            when done in ('user_admin_status_updated', 'user_auditor_status_updated') and lower(changed_to) = 'false' then 2
            when done = 'repository_git_operation' and told like '%git-receive-pack%' then 3
            else rule_activity
        end as kind_activity
    from matched

),

settled as (

    select
        ruled.*,
        case
            when done like 'protected_branch%' then 'branch protection'
            when done like 'deploy_key%' then 'deploy key'
            when done like 'member_%' and event.entity_type = 'Project' then 'collaborator'
        end as setting
    from ruled

),

classified as (

    select
        settled.*,
        case
            when event.entity_type is null then 0
            else coalesce(kind_class, 6003)
        end as to_class,
        case
            when event.entity_type is null then 99
            when rule_class is not null and kind_class is null then 3
            when kind_activity is not null then kind_activity
            when last_word in ('created', 'create', 'added', 'registered', 'published', 'started', 'attached') then 1
            when last_word in ('destroyed', 'removed', 'deleted', 'delete', 'unregistered', 'detached') then 4
            when last_word in ('updated', 'update', 'changed', 'enabled', 'disabled', 'revoked', 'merged', 'closed', 'reopened', 'reset')
                then 3
            when last_word in ('accessed', 'viewed', 'downloaded') then 2
            when first_word in ('add', 'create', 'created') then 1
            when first_word in ('remove', 'delete', 'destroy', 'destroyed') then 4
            when first_word in ('update', 'updated', 'change', 'enable', 'disable', 'set') then 3
            else 99
        end as to_activity,
        case
            when failed_with is not null or done like 'login_failed%' or done like '%_login_failed' then 2
            when done like '%_creation_failed' or done like '%_deletion_failed' or done = 'password_reset_failed' then 2
            else 1
        end as result,
        author as actor_login,
        author_uid as actor_uid,
        case when coalesce(author, author_uid) is not null then 'User' end as actor_kind,
        coalesce(nullif(regexp_extract(entity_path, '^([^/]+)/', 1), ''), case when event.entity_type = 'Group' then entity_path end)
            as account,
        case
            when event.entity_type = 'Project' then 'repository'
            when event.entity_type = 'Gitlab::Audit::InstanceScope' then 'instance'
            else lower(event.entity_type)
        end as kind_of_resource,
        event.entity_id as kind_uid,
        coalesce(repo_name, entity_path, case when target_type = event.entity_type then target end) as kind_name
    from settled

),

final as (

    select
        {{ sdlc_activity('gitlab_audit', 'Audit events', 'GitLab', uid='event.id', code='done', text='body', address='address') }},
        told as message,
        author_email as actor_user_email_addr,
        event.correlation_id as api_request_uid,
        {{ json_without('body', ['id', 'author_id', 'author_name', 'entity_id', 'entity_type', 'entity_path', 'time', 'created_at']) }}
            as unmapped,
        -- class extras: the user that the event is about
        case
            when to_class = 3002 then coalesce(case when target_type = 'User' then target end, author, 'unknown')
            when to_class in (3001, 3005, 3006) then coalesce(target, target_uid)
        end as user_name,
        case
            when to_class in (3001, 3005, 3006) or to_class = 3002 and done = 'user_impersonation' then target_uid
            when to_class = 3002 then author_uid
        end as user_uid,
        case when to_class in (3001, 3002, 3005, 3006) then 'User' end as user_type,
        case when to_class in (3005, 3006) and privilege is not null then {{ list_of(['privilege']) }} end as privileges,
        case when to_class = 3006 then entity_path end as group_name,
        case when to_class = 3006 then event.entity_id end as group_uid,
        -- class extras: authentication
        case
            when to_class = 3002 and (
                done in ('authenticated_with_two_factor', 'authenticated_with_webauthn') or signed_in_with like 'two-factor%'
            ) then true
        end as is_mfa,
        cast(
            case
                when to_class = 3002 and (done = 'authenticated_with_group_saml' or lower(signed_in_with) like '%saml%') then 5
                when to_class = 3002 and done = 'authenticated_with_oauth' then 6
            end as integer
        ) as auth_protocol_id,
        case when to_class = 3002 then 'GitLab' end as service_name,
        -- class extras: the sdlc profile
        case
            when setting is not null or change in ('visibility', 'visibility_level') then 'repository.modified'
            when done = 'project_created' then 'repository.created'
            when done = 'project_destroyed' then 'repository.deleted'
        end as sdlc_event_type,
        'gitlab' as vcs_provider,
        repo_name as vcs_repository_name,
        case when event.entity_type = 'Project' then event.entity_id end as vcs_repository_uid,
        case when event.entity_type = 'Project' and change in ('visibility', 'visibility_level') then lower(changed_to) end
            as vcs_repository_visibility,
        setting as vcs_setting_name,
        case when setting is not null then coalesce(target, target_uid) end as vcs_setting_target,
        case
            when setting is null then null
            when done like '%_removed' or done like '%_destroyed' then 'absent'
            when setting = 'collaborator' then privilege
            else 'present'
        end as vcs_setting_value
    from classified

)

select * from final
