{{ routes_to(['api_activity', 'authentication', 'account_change', 'user_access', 'group_management', 'datastore_activity', 'base_event']) }}

{#
    An activity is one item of the Reports API, which may hold several events of one action: its row is the one of the event
    that the log itself calls primary, else the first that the seed knows, else the first; all of them are in `unmapped`.
    https://developers.google.com/workspace/admin/reports/reference/rest/v1/activities/list
    https://developers.google.com/workspace/admin/reports/v1/appendix/activity/login
#}
{% set item_fields = {
    'id': {'time': 'string', 'uniqueQualifier': 'string', 'applicationName': 'string', 'customerId': 'string'},
    'actor': {
        'callerType': 'string', 'email': 'string', 'profileId': 'string', 'key': 'string',
        'applicationInfo': {'oauthClientId': 'string', 'applicationName': 'string'},
    },
    'ipAddress': 'string',
    'networkInfo': {'regionCode': 'string', 'ipAsn': ['string']},
    'events': 'json',
} %}
{% set event_fields = [{
    'type': 'string', 'name': 'string',
    'status': {'eventStatus': 'string', 'errorCode': 'string', 'errorMessage': 'string'},
    'parameters': [{'name': 'string', 'value': 'string', 'intValue': 'string', 'boolValue': 'string', 'multiValue': ['string']}],
}] %}

with

records as (

    select * from {{ new_rows(source('bronze', 'google_workspace')) }}

),

kinds as (

    select * from {{ ref('google_workspace') }}

),

known as (

    select {{ distinct_texts('kind', 1000) }} as known_kinds
    from kinds

),

parsed as (

    select
        records.*,
        {{ parse_json('raw', item_fields) }} as activity
    from records

),

listed as (

    select
        parsed.*,
        -- the API gives a list, some exports one event an item
        {{ parse_json(
            "case when left(activity.events, 1) = '{' then concat('[', activity.events, ']') else activity.events end", event_fields,
        ) }} as happened
    from parsed

),

chosen as (

    select
        listed.*,
        coalesce(
            {{ list_item(list_where(
                'happened',
                list_length(list_where('item.parameters', "item.name = 'primary_event' and item.boolValue = 'true'")) ~ ' > 0',
            ), 1) }},
            {{ list_item(list_where(
                'happened', list_position('known.known_kinds', "concat_ws(':', nullif(item.type, ''), item.name)") ~ ' is not null',
            ), 1) }},
            {{ list_item('happened', 1) }}
        ) as event
    from listed
    cross join known

),

told as (

    select
        chosen.*,
        nullif(event.name, '') as operation,
        concat_ws(':', nullif(event.type, ''), event.name) as kind,
        event.parameters as told_of,
        upper(regexp_extract(event.name, '^([A-Za-z]+)', 1)) as first_word,
        upper(regexp_extract(event.name, '([A-Za-z]+)$', 1)) as last_word,
        nullif(activity.id.applicationName, '') as application,
        nullif(activity.id.customerId, '') as customer,
        nullif(activity.actor.email, '') as actor_email,
        nullif(activity.actor.profileId, '') as actor_uid,
        nullif(activity.actor.applicationInfo.applicationName, '') as actor_application
    from chosen

),

opened as (

    select
        told.*,
        {{ workspace_parameter('told_of', [
            'user_email', 'affected_email_address', 'target_user', 'target', 'member_id', 'device_user',
        ]) }} as about,
        {{ workspace_parameter('told_of', ['group_email', 'group_id']) }} as team,
        {{ workspace_parameter('told_of', ['app_name', 'api_client_name', 'application_name']) }} as app_name,
        {{ workspace_parameter('told_of', ['client_id', 'api_client_name']) }} as app_uid,
        {{ workspace_parameter('told_of', ['doc_id', 'doc_ids']) }} as document_uid,
        {{ workspace_parameter('told_of', ['doc_title']) }} as document_title,
        {{ workspace_parameter('told_of', ['doc_type']) }} as document_type,
        {{ workspace_parameter('told_of', ['shared_drive_id', 'team_drive_id', 'owner']) }} as drive,
        {{ workspace_parameter('told_of', ['role_name']) }} as role_name,
        {{ workspace_parameter('told_of', ['role_id']) }} as role_uid,
        {{ workspace_parameter('told_of', ['scope', 'api_scopes']) }} as scopes,
        {{ workspace_parameter('told_of', ['new_value']) }} as new_value,
        {{ workspace_parameter('told_of', ['old_value']) }} as old_value,
        {{ workspace_parameter('told_of', ['added_role']) }} as added_role,
        {{ workspace_parameter('told_of', ['removed_role']) }} as removed_role,
        {{ workspace_parameter('told_of', ['membership_change_type']) }} as membership_change,
        {{ workspace_parameter('told_of', ['setting_name', 'org_unit_name', 'domain_name']) }} as setting,
        {{ workspace_parameter('told_of', ['login_failure_type', 'failure_type', 'login_failure_reason']) }} as failure,
        {{ workspace_parameter('told_of', ['login_challenge_method']) }} as challenges,
        {{ workspace_parameter('told_of', ['login_challenge_status']) }} as challenge_status,
        -- of who takes part in a call only the event itself knows the address
        coalesce(activity.ipAddress, {{ workspace_parameter('told_of', ['ip_address']) }}) as address,
        {{ workspace_parameter('told_of', ['is_second_factor']) }} as second_factor,
        {{ workspace_parameter('told_of', ['login_type']) }} as login_type,
        {{ workspace_parameter('told_of', ['user_agent']) }} as user_agent
    from told

),

shared as (

    select
        opened.*,
        {{ is_ip('address') }} as is_from_ip,
        (new_value = 'none' and kind = 'acl_change:change_user_access') or membership_change = 'remove_from_shared_drive' as is_withdrawn,
        application = 'token' or kind like 'DOMAIN_SETTINGS:%_API_CLIENT_ACCESS' as is_of_client
    from opened

),

granted as (

    select
        shared.*,
        case
            when kind in ('USER_SETTINGS:GRANT_ADMIN_PRIVILEGE', 'USER_SETTINGS:REVOKE_ADMIN_PRIVILEGE') then 'administrator'
            when kind = 'acl_change:change_user_access' and is_withdrawn then old_value
            when kind in ('acl_change:change_user_access', 'USER_SETTINGS:GRANT_DELEGATED_ADMIN_PRIVILEGES') then new_value
            when kind = 'acl_change:shared_drive_membership_change' and is_withdrawn then removed_role
            when kind = 'acl_change:shared_drive_membership_change' then coalesce(added_role, removed_role)
            when is_of_client then coalesce(scopes, 'any scope')
            else role_name
        end as privilege
    from shared

),

matched as (

    select
        granted.*,
        kinds.activity_id as kind_activity,
        -- a grant that names no privilege, a change that names no group, a file that lies nowhere, is still a call
        case
            when kinds.class_uid = 3005 and granted.privilege is null then null
            when kinds.class_uid = 3006 and granted.team is null then null
            when kinds.class_uid = 6005 and granted.drive is null then null
            else kinds.class_uid
        end as kind_class
    from granted
    left join kinds on granted.kind = kinds.kind

),

classified as (

    select
        matched.*,
        case when operation is null then 0 else coalesce(kind_class, 6003) end as to_class,
        case
            when operation is null then 99
            when kind_class = 3005 and is_withdrawn then 2
            when kind_class is not null then kind_activity
            when first_word in ('CREATE', 'ADD', 'INSERT', 'GENERATE', 'UPLOAD', 'IMPORT') then 1
            when first_word in ('VIEW', 'DOWNLOAD', 'LIST', 'EXPORT', 'SEARCH', 'GET') then 2
            when first_word in ('DELETE', 'PURGE') then 4
            when first_word in (
                'CHANGE', 'UPDATE', 'TOGGLE', 'REMOVE', 'ENABLE', 'DISABLE', 'MOVE', 'RENAME', 'EDIT', 'ALLOW', 'DISALLOW', 'ENFORCE',
                'ASSIGN', 'UNASSIGN', 'GRANT', 'REVOKE', 'TRUST', 'UNTRUST', 'BLOCK', 'UNBLOCK', 'SET', 'REORDER', 'RELEASE', 'REJECT',
                'TRANSFER'
            ) then 3
            when last_word in ('CREATED', 'CREATION', 'ADDED', 'POSTED', 'UPLOADED') then 1
            when last_word in ('VIEW', 'VIEWED', 'DOWNLOAD', 'DOWNLOADED', 'SEARCH', 'ACCESS') then 2
            when last_word in ('DELETED', 'DELETION', 'DELETE', 'WIPE') then 4
            when last_word in (
                'CHANGE', 'CHANGED', 'UPDATED', 'UPDATE', 'REMOVED', 'EDITED', 'ASSIGNMENT', 'REASSIGNMENT', 'REVOKE', 'APPROVE', 'BLOCK'
            ) then 3
            else 99
        end as to_activity,
        case
            when upper(event.status.eventStatus) like 'FAIL%' or event.status.errorCode is not null then 2
            when lower(operation) like '%failure%' or lower(operation) like '%blocked' or upper(operation) = 'ACCESS_DENY_EVENT' then 2
            when lower(challenge_status) like '%failed%' then 2
            when operation is null or event.type like '%warning' then 0
            when kind = 'login:login_challenge' and challenge_status is null then 0  -- put, and not answered
            else 1
        end as result,
        case
            when kind in ('login:login_challenge', 'login:login_verification') then true
            when second_factor = 'true' then true
            when challenges <> '' and challenges not in ('password', 'none') then true
        end as is_second_factor,
        coalesce(activity.actor.callerType, case when actor_email is not null then 'USER' end) as caller_type
    from matched

),

about_users as (

    select
        classified.*,
        to_class in (3001, 3002, 3005) or (to_class = 3006 and about is not null) as has_user,
        case
            when to_class = 3005 and is_of_client then coalesce(app_name, app_uid)
            when to_class = 3005 then about
            else coalesce(about, case when to_class <> 3006 then coalesce(actor_email, activity.actor.key, actor_uid) end)
        end as user_text
    from classified

),

final as (

    select
        -- identity, lineage and time: the API and an export may write one activity in different bytes
        {{ ocsf_identity_columns(
            'google_workspace', 'Google Workspace', 'Google', uid='activity.id.uniqueQualifier', code='operation',
            text='coalesce(' ~ json_without('raw', ['kind', 'etag']) ~ ', raw)',
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'operation') }},
        cast(case when event.type like '%warning' then 3 else 1 end as integer) as severity_id,
        case when event.type like '%warning' then 'Medium' else 'Informational' end as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        coalesce(event.status.errorCode, event.status.eventStatus) as status_code,
        case when result = 2 then coalesce(failure, event.status.errorMessage, challenge_status) end as status_detail,
        cast(case result when 1 then 1 when 2 then 2 end as integer) as action_id,
        -- actor
        coalesce(actor_email, nullif(activity.actor.key, ''), actor_application, actor_uid) as actor_user_name,
        actor_uid as actor_user_uid,
        caller_type as actor_user_type,
        cast(
            case
                when activity.actor.key = 'SYSTEM' then 3
                when caller_type = 'USER' then 1
                when caller_type is not null then 99
            end as integer
        ) as actor_user_type_id,
        case when actor_email like '%@%' then actor_email end as actor_user_email_addr,
        customer as actor_user_account_uid,
        coalesce(
            actor_application,
            case when application = 'token' then app_name end,
            case when actor_email is null and actor_uid is null then 'Google Workspace' end
        ) as actor_app_name,
        'Google' as actor_idp_name,
        -- network
        case when is_from_ip then address end as src_endpoint_ip,
        case when not coalesce(is_from_ip, false) then 'Google Workspace' end as src_endpoint_svc_name,
        activity.networkInfo.regionCode as src_endpoint_country,
        try_cast({{ list_item('activity.networkInfo.ipAsn', 1) }} as bigint) as src_endpoint_asn,
        'Google Workspace' as dst_endpoint_svc_name,
        -- api and cloud
        operation as api_operation,
        coalesce(application, 'Google Workspace') as api_service_name,
        case when result = 2 then coalesce(failure, event.status.errorCode, operation) end as api_response_error,
        'Google' as cloud_provider,
        customer as cloud_account_uid,
        customer as cloud_org_uid,
        user_agent as http_user_agent,
        coalesce(document_uid, team, case when is_of_client then app_uid end, about, app_name, setting) as resource_uid,
        coalesce(document_title, team, app_name, about, setting) as resource_name,
        case
            when document_uid is not null then coalesce(document_type, 'document')
            when team is not null then 'group'
            when is_of_client and app_uid is not null then 'client'
            when about is not null then 'user'
            when app_name is not null then 'application'
            when setting is not null then 'setting'
        end as resource_type,
        {{ json_without('raw', ['kind', 'id', 'etag', 'ipAddress']) }} as unmapped,
        -- class extras: the user or client that the event is about
        case when has_user then coalesce(user_text, 'unknown') end as user_name,
        case
            when has_user and to_class = 3005 and is_of_client then app_uid
            when has_user and about is null and to_class <> 3005 then actor_uid
        end as user_uid,
        case when has_user then case when to_class = 3005 and is_of_client then 'Client' else 'User' end end as user_type,
        case when has_user and user_text like '%@%' then user_text end as user_email_addr,
        case when has_user then customer end as user_account_uid,
        case when to_class = 3006 then team end as group_name,
        case when to_class = 3006 then team end as group_uid,
        case when to_class = 3005 then {{ "split(privilege, ', ')" }} end as privileges,
        case when to_class = 3005 then role_uid end as policy_uid,
        case when to_class = 3005 then role_name end as policy_name,
        -- class extras: authentication
        case when to_class = 3002 then is_second_factor end as is_mfa,
        case when to_class = 3002 and is_second_factor then challenges end as mfa_factor,
        cast(case when to_class = 3002 and (application = 'saml' or login_type = 'saml') then 5 end as integer) as auth_protocol_id,
        case when to_class = 3002 then coalesce(app_name, 'Google') end as service_name,
        -- class extras: the store; a shared drive, or the drive of the document's owner
        case when to_class = 6005 then drive end as databucket_name,
        case when to_class = 6005 then document_uid end as databucket_object,
        cast(case when to_class = 6005 then 2 end as integer) as datastore_type_id
    from about_users

)

select * from final
