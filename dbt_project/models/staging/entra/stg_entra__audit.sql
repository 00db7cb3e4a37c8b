{{ routes_to(['api_activity', 'account_change', 'user_access', 'group_management', 'base_event']) }}

{#
    Two shapes of one entry: Graph's directoryAudit, and the same as `properties` of what diagnostic settings export.
    https://learn.microsoft.com/graph/api/resources/directoryaudit
    https://learn.microsoft.com/azure/azure-monitor/reference/tables/auditlogs
#}
{% set event_fields = {
    'operationName': 'string', 'resultType': 'string', 'resultDescription': 'string', 'callerIpAddress': 'string', 'tenantId': 'string',
    'identity': 'string', 'properties': 'string',
} %}
{% set detail_fields = {
    'id': 'string', 'activityDisplayName': 'string', 'operationType': 'string', 'loggedByService': 'string', 'correlationId': 'string',
    'result': 'string', 'resultReason': 'string', 'userAgent': 'string', 'action': 'string',
    'initiatedBy': {
        'user': {'id': 'string', 'displayName': 'string', 'userPrincipalName': 'string', 'ipAddress': 'string'},
        'app': {'appId': 'string', 'displayName': 'string', 'servicePrincipalId': 'string', 'servicePrincipalName': 'string'},
    },
    'targetResources': [{
        'id': 'string', 'displayName': 'string', 'type': 'string', 'userPrincipalName': 'string', 'groupType': 'string',
        'modifiedProperties': [{'displayName': 'string', 'oldValue': 'string', 'newValue': 'string'}],
    }],
    'additionalDetails': [{'key': 'string', 'value': 'string'}],
} %}
{# What stands in columns of its own; the rest of an entry, such as what was changed from what to what, is `unmapped`. #}
{% set mapped = [
    'id', 'activityDisplayName', 'activityDateTime', 'correlationId', 'result', 'resultReason', 'loggedByService', 'userAgent', 'tenantId',
] %}

with

records as (

    select * from {{ new_rows(source('bronze', 'entra_audit')) }}

),

kinds as (

    select * from {{ ref('entra_audit') }}

),

parsed as (

    select
        records.*,
        {{ parse_json('raw', event_fields) }} as event
    from records

),

unwrapped as (

    select
        parsed.*,
        coalesce(event.properties, raw) as details_text,
        {{ parse_json('coalesce(event.properties, raw)', detail_fields) }} as details
    from parsed

),

opened as (

    select
        unwrapped.*,
        nullif(coalesce(nullif(trim(details.activityDisplayName), ''), trim(event.operationName)), '') as operation,
        details.initiatedBy.user as person,
        details.initiatedBy.app as application,
        {{ list_item('details.targetResources', 1) }} as thing,
        {{ list_item('details.targetResources', 1) }}.modifiedProperties as changes,
        coalesce(
            {{ list_item(list_where('details.targetResources', "item.type = 'User'"), 1) }},
            {{ list_item(list_where('details.targetResources', "item.userPrincipalName <> ''"), 1) }}
        ) as about,
        {{ list_item(list_where('details.targetResources', "item.type = 'ServicePrincipal'"), 1) }} as service,
        coalesce(
            {{ list_item(list_where('details.targetResources', "item.type = 'Group'"), 1) }},
            {{ list_item(list_where('details.targetResources', "item.groupType is not null"), 1) }}
        ) as team,
        {{ list_item(list_where('details.targetResources', "item.type = 'Role'"), 1) }} as role,
        {{ list_item(list_where('details.additionalDetails', "item.key = 'User-Agent'"), 1) }}.value as agent,
        lower(nullif(event.tenantId, '')) as tenant,
        lower(coalesce(nullif(details.result, ''), event.resultType)) as outcome
    from unwrapped

),

read as (

    select
        opened.*,
        lower(replace(operation, '–', '-')) as kind,
        coalesce(nullif(person.userPrincipalName, ''), nullif(person.displayName, '')) as person_name,
        nullif(person.id, '') as person_uid,
        coalesce(nullif(application.displayName, ''), nullif(application.servicePrincipalName, '')) as app_name,
        coalesce(nullif(application.servicePrincipalId, ''), nullif(application.appId, '')) as app_uid,
        coalesce(nullif(person.ipAddress, ''), nullif(event.callerIpAddress, '')) as caller_ip,
        coalesce({{ entra_changed('changes', 'Role.DisplayName') }}, nullif(role.displayName, '')) as role_name,
        coalesce(
            {{ entra_changed('changes', 'Role.TemplateId') }}, {{ entra_changed('changes', 'Role.ObjectID') }}, nullif(role.id, '')
        ) as role_uid,
        nullif(trim(coalesce(
            {{ entra_changed('changes', 'AppRole.Value') }},
            {{ entra_changed('changes', 'DelegatedPermissionGrant.Scope') }},
            {{ entra_changed('changes', 'ConsentAction.Permissions') }}
        )), '') as permission,
        {{ entra_changed('changes', 'ServicePrincipal.DisplayName') }} as grantee_name,
        {{ entra_changed('changes', 'ServicePrincipal.ObjectID') }} as grantee_uid,
        coalesce(nullif(team.displayName, ''), {{ entra_changed('changes', 'Group.DisplayName') }}) as group_label,
        coalesce({{ entra_changed('changes', 'Group.ObjectID') }}, nullif(team.id, '')) as group_object
    from opened

),

matched as (

    select
        read.*,
        coalesce(read.role_name, read.role_uid, read.permission) as privilege,
        kinds.activity_id as kind_activity,
        -- a grant that names no privilege, a change that names no group or nobody, is still a call
        case
            when kinds.class_uid = 3005 and coalesce(read.role_name, read.role_uid, read.permission) is null then null
            when kinds.class_uid = 3006 and coalesce(read.group_label, read.group_object) is null then null
            when kinds.class_uid = 3001 and read.about is null and read.service is null then null
            else kinds.class_uid
        end as kind_class,
        read.person_name is not null or read.person_uid is not null as is_user,
        {{ is_ip('caller_ip') }} as is_from_ip
    from read
    left join kinds on read.kind = kinds.kind

),

classified as (

    select
        matched.*,
        case when operation is null then 0 else coalesce(kind_class, 6003) end as to_class,
        case
            when operation is null then 99
            when kind_class is not null then kind_activity
            when kind_activity is not null then 3
            when lower(coalesce(details.operationType, details.action)) in ('add', 'create') then 1
            when lower(details.operationType) in ('get', 'read', 'list', 'export', 'download') then 2
            when lower(coalesce(details.operationType, details.action)) in (
                'update', 'assign', 'unassign', 'set', 'modify', 'enable', 'disable', 'restore', 'approve', 'deny'
            ) then 3
            when lower(coalesce(details.operationType, details.action)) in ('delete', 'remove', 'harddelete') then 4
            else 99
        end as to_activity,
        case
            when outcome = 'success' then 1
            when outcome in ('failure', 'failed', 'timeout') then 2
            when outcome is null then 0
            else 99
        end as result,
        case when is_user then person_name else app_name end as actor_name,
        case when is_user then person_uid else app_uid end as actor_uid
    from matched

),

about_users as (

    select
        classified.*,
        -- of a group, only the member that came or went
        to_class in (3001, 3005) or (to_class = 3006 and about is not null) as has_user,
        case
            when about is not null then coalesce(nullif(about.userPrincipalName, ''), nullif(about.displayName, ''), about.id)
            when grantee_name is not null or grantee_uid is not null then coalesce(grantee_name, grantee_uid)
            when service is not null then coalesce(nullif(service.displayName, ''), service.id)
            -- a role may be a group's
            when to_class = 3005 then coalesce(group_label, group_object)
        end as target_name,
        case
            when about is not null then nullif(about.id, '')
            when grantee_name is not null or grantee_uid is not null then grantee_uid
            when service is not null then nullif(service.id, '')
            when to_class = 3005 then group_object
        end as target_uid
    from classified

),

final as (

    select
        -- identity, lineage and time: the export and Graph write one entry in different bytes
        {{ ocsf_identity_columns(
            'entra_audit', 'Audit log', 'Microsoft', uid='details.id', code='operation',
            text='case when details.id is null then raw else '
            ~ entity_key(['details.id', 'kind', 'outcome', 'actor_uid', 'thing.id']) ~ ' end',
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'operation') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' when 0 then 'Unknown' else outcome end as status,
        outcome as status_code,
        coalesce(nullif(details.resultReason, ''), nullif(event.resultDescription, '')) as status_detail,
        cast(case when result = 1 then 1 end as integer) as action_id,
        -- actor
        coalesce(actor_name, nullif(event.identity, '')) as actor_user_name,
        actor_uid as actor_user_uid,
        case when not is_user then nullif(application.appId, '') end as actor_user_uid_alt,
        case when is_user then 'User' when app_name is not null or app_uid is not null then 'ServicePrincipal' end as actor_user_type,
        cast(case when is_user then 1 when app_name is not null or app_uid is not null then 99 end as integer) as actor_user_type_id,
        case when is_user and person_name like '%@%' then person_name end as actor_user_email_addr,
        tenant as actor_user_account_uid,
        coalesce(app_name, case when not is_user and app_uid is null then nullif(details.loggedByService, '') end, 'Microsoft Entra ID')
            as actor_app_name,
        'Microsoft Entra ID' as actor_idp_name,
        -- network
        case when is_from_ip then caller_ip end as src_endpoint_ip,
        case when not coalesce(is_from_ip, false) then 'Microsoft Entra ID' end as src_endpoint_svc_name,
        'Microsoft Entra ID' as dst_endpoint_svc_name,
        -- api and cloud
        operation as api_operation,
        coalesce(nullif(details.loggedByService, ''), 'Microsoft Entra ID') as api_service_name,
        nullif(details.correlationId, '') as api_request_uid,
        case when result = 2 then coalesce(nullif(details.resultReason, ''), outcome) end as api_response_error,
        'Azure' as cloud_provider,
        tenant as cloud_account_uid,
        tenant as cloud_org_uid,
        coalesce(nullif(details.userAgent, ''), agent) as http_user_agent,
        nullif(thing.id, '') as resource_uid,
        coalesce(nullif(thing.displayName, ''), nullif(thing.userPrincipalName, '')) as resource_name,
        thing.type as resource_type,
        {{ list_map('details.targetResources', struct_of({
            'uid': 'item.id', 'name': "coalesce(nullif(item.displayName, ''), item.userPrincipalName)", 'type': 'item.type',
            'account_uid': 'cast(null as varchar)',
        })) }} as resources,
        {{ json_without('details_text', mapped) }} as unmapped,
        -- class extras: the user or application that the entry is about
        case when has_user then coalesce(target_name, 'unknown') end as user_name,
        case when has_user then target_uid end as user_uid,
        case
            when has_user and about is not null then 'User'
            when has_user and coalesce(grantee_uid, grantee_name, service.id) is not null then 'ServicePrincipal'
            when has_user and to_class = 3005 and team is not null then 'Group'
        end as user_type,
        case when has_user and about.userPrincipalName like '%@%' then about.userPrincipalName end as user_email_addr,
        case when has_user then tenant end as user_account_uid,
        case when to_class = 3006 then coalesce(group_label, group_object) end as group_name,
        case when to_class = 3006 then group_object end as group_uid,
        case
            when to_class = 3005 then {{ list_of(['privilege']) }}
            when to_class = 3006 and kind like '% owner %' then {{ list_of(["'owner'"]) }}
        end as privileges,
        case when to_class = 3005 then role_uid end as policy_uid,
        case when to_class = 3005 then role_name end as policy_name
    from about_users

)

select * from final
