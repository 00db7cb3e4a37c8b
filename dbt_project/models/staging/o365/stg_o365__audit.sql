{{ routes_to(['api_activity', 'authentication', 'account_change', 'user_access', 'group_management', 'datastore_activity', 'base_event']) }}

{#
    One schema with the members of each service beside the common ones; what a service calls an operation is told by both.
    https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema
#}
{% set event_fields = {
    'Id': 'string', 'Operation': 'string', 'Workload': 'string', 'RecordType': 'string', 'ResultStatus': 'string', 'CreationTime': 'string',
    'UserId': 'string', 'UserKey': 'string', 'UserType': 'string', 'OrganizationId': 'string', 'ObjectId': 'string',
    'ClientIP': 'string', 'ClientIPAddress': 'string', 'ActorIpAddress': 'string', 'UserAgent': 'string', 'ClientInfoString': 'string',
    'CorrelationId': 'string', 'ClientRequestId': 'string', 'InterSystemsId': 'string', 'SessionId': 'string',
    'AppAccessContext': {'AADSessionId': 'string', 'CorrelationId': 'string'},
    'ApplicationDisplayName': 'string', 'ApplicationId': 'string', 'ClientProcessName': 'string', 'AppId': 'string',
    'LogonError': 'string', 'ErrorNumber': 'string', 'Severity': 'string', 'Name': 'string',
    'Site': 'string', 'SiteUrl': 'string', 'ItemType': 'string', 'SourceFileName': 'string', 'FileSizeBytes': 'string',
    'TargetUserOrGroupName': 'string', 'TargetUserOrGroupType': 'string', 'EventData': 'string',
    'MailboxOwnerUPN': 'string', 'MailboxGuid': 'string',
    'Item': {'Id': 'string', 'Subject': 'string', 'ParentFolder': {'Path': 'string', 'MemberUpn': 'string', 'MemberRights': 'string'}},
    'TeamName': 'string', 'TeamGuid': 'string', 'Members': [{'DisplayName': 'string', 'Role': 'string', 'UPN': 'string'}],
    'GroupName': 'string', 'SharePointMetaData': {'FilePathUrl': 'string', 'FileName': 'string'},
    'Parameters': [{'Name': 'string', 'Value': 'string'}], 'ExtendedProperties': [{'Name': 'string', 'Value': 'string'}],
    'ModifiedProperties': [{'Name': 'string', 'NewValue': 'string', 'OldValue': 'string'}],
    'Actor': [{'ID': 'string', 'Type': 'string'}], 'Target': [{'ID': 'string', 'Type': 'string'}],
} %}
{# What stands for nobody and nothing #}
{% set nobody = "('unknown', 'not available', 'not-found', '')" %}
{# What stands in columns of its own; the rest of a record, such as a rule's parameters or what changed, is `unmapped`. #}
{% set mapped = [
    'Id', 'Operation', 'CreationTime', 'UserId', 'UserKey', 'UserType', 'OrganizationId', 'Workload', 'ResultStatus', 'ClientIP',
    'ClientIPAddress', 'ActorIpAddress', 'UserAgent', 'CorrelationId',
] %}

with

records as (

    select * from {{ new_rows(source('bronze', 'o365_audit')) }}

),

kinds as (

    select * from {{ ref('o365_audit') }}

),

errors as (

    select * from {{ ref('entra_sign_in_errors') }}

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
        nullif(trim(event.Operation), '') as operation,
        regexp_replace(lower(replace(event.Operation, '–', '-')), '[. ]+$', '') as kind,
        case when lower(event.Workload) = 'onedrive' then 'sharepoint' else lower(event.Workload) end as workload,
        lower(event.ResultStatus) as outcome,
        try_cast(event.ErrorNumber as bigint) as error_code,
        coalesce({{ bare_ip('event.ClientIP') }}, {{ bare_ip('event.ClientIPAddress') }}, {{ bare_ip('event.ActorIpAddress') }})
            as caller_ip,
        lower(nullif(event.OrganizationId, '')) as tenant,
        case when lower(event.UserId) not in {{ nobody }} then event.UserId end as user_id,
        case when lower(event.UserKey) not in {{ nobody }} then event.UserKey end as user_key,
        case when lower(event.ObjectId) not in {{ nobody }} then event.ObjectId end as object_id,
        coalesce(
            {{ list_item(list_where('event.Actor', "item.Type = '0' and lower(item.ID) not in " ~ nobody), 1) }}.ID,
            regexp_extract(
                {{ list_item(list_where('event.Actor', "item.ID like 'User_%-%' or item.ID like 'ServicePrincipal_%-%'"), 1) }}.ID,
                '_([0-9A-Fa-f-]+)$', 1
            )
        ) as actor_object,
        {{ list_item(list_where('event.Actor', "item.Type = '1'"), 1) }}.ID as actor_application,
        {{ list_item(list_where('event.Target', "item.Type = '5'"), 1) }}.ID as target_principal,
        {{ list_item(list_where('event.Target', "item.Type = '1'"), 1) }}.ID as target_name,
        nullif(regexp_extract(
            {{ list_item(list_where('event.Target', "item.ID like '%_%-%-%-%-%' and item.ID not like '% %'"), 1) }}.ID,
            '([0-9A-Fa-f-]{36})$', 1
        ), '') as target_object,
        {{ o365_value('event.ExtendedProperties', ['additionaldetails']) }} as more_details,
        {{ o365_value('event.ExtendedProperties', ['useragent']) }} as told_agent,
        lower({{ o365_value('event.ExtendedProperties', ['requesttype']) }}) as request_type,
        {{ o365_changed('event.ModifiedProperties', ['role.displayname']) }} as role_name,
        {{ o365_changed('event.ModifiedProperties', ['role.templateid', 'role.objectid']) }} as role_uid,
        {{ o365_changed('event.ModifiedProperties', ['approle.value', 'delegatedpermissiongrant.scope', 'consentaction.permissions']) }}
            as permission,
        {{ o365_changed('event.ModifiedProperties', ['user.upn', 'serviceprincipal.displayname', 'serviceprincipal.name']) }}
            as grantee_name,
        {{ o365_changed('event.ModifiedProperties', ['user.objectid', 'serviceprincipal.objectid']) }} as grantee_uid,
        {{ o365_changed('event.ModifiedProperties', ['group.displayname']) }} as changed_group,
        {{ o365_changed('event.ModifiedProperties', ['group.objectid']) }} as changed_group_uid,
        {{ o365_value('event.Parameters', ['identity']) }} as identity_parameter,
        {{ o365_value('event.Parameters', ['user', 'trustee', 'member', 'links', 'securitygroup']) }} as user_parameter,
        {{ o365_value('event.Parameters', ['accessrights', 'role']) }} as rights_parameter,
        {{ list_item('event.Members', 1) }} as member,
        case {{ list_item('event.Members', 1) }}.Role
            when '0' then 'member' when '1' then 'owner' when '2' then 'guest' else {{ list_item('event.Members', 1) }}.Role
        end as member_role,
        nullif(regexp_extract(event.EventData, '<Group>([^<]+)<', 1), '') as told_group,
        nullif(regexp_extract(event.EventData, '<(Permissions granted|Type|SharingLevel)>([^<]+)<', 2), '') as told_rights
    from parsed

),

read as (

    select
        opened.*,
        case workload
            when 'azureactivedirectory'
                then coalesce(
                    case when kind not like 'add app role assignment%' then target_principal end,
                    grantee_name, grantee_uid, target_name, object_id
                )
            when 'exchange' then coalesce(event.Item.ParentFolder.MemberUpn, user_parameter, identity_parameter, object_id)
            when 'securitycompliancecenter' then coalesce(user_parameter, identity_parameter)
            when 'sharepoint'
                then coalesce(
                    nullif(event.TargetUserOrGroupName, ''),
                    case when kind like 'anonymouslink%' then 'anyone' when kind like 'companylink%' then 'the organisation' end
                )
            when 'microsoftteams' then coalesce(nullif(member.UPN, ''), member.DisplayName)
        end as about,
        case
            when workload = 'azureactivedirectory' then coalesce(role_name, role_uid, permission)
            when kind like '%-rolegroupmember' then identity_parameter
            when workload = 'exchange' then coalesce(event.Item.ParentFolder.MemberRights, rights_parameter)
            when kind like 'sitecollectionadmin%' then 'site collection administrator'
            when workload = 'sharepoint' then told_rights
        end as privilege,
        case workload
            when 'azureactivedirectory' then coalesce(changed_group, changed_group_uid, case when kind like '% group' then target_name end)
            when 'exchange' then coalesce(identity_parameter, object_id)
            when 'sharepoint' then told_group
            when 'microsoftteams' then coalesce(nullif(event.TeamName, ''), event.TeamGuid)
            when 'yammer' then coalesce(nullif(event.GroupName, ''), object_id)
        end as team,
        case workload
            when 'sharepoint' then coalesce(nullif(event.SiteUrl, ''), nullif(event.Site, ''))
            when 'exchange' then coalesce(nullif(event.MailboxOwnerUPN, ''), nullif(event.MailboxGuid, ''))
        end as store
    from opened

),

matched as (

    select
        read.*,
        errors.outcome as sign_in_outcome,
        errors.reason as sign_in_reason,
        kinds.activity_id as kind_activity,
        -- a grant that names no privilege or nobody, a change that names no group, an access to no store, is still a call
        case
            when kinds.class_uid = 3001 and read.about is null then null
            when kinds.class_uid = 3005 and (read.about is null or read.privilege is null) then null
            when kinds.class_uid = 3006 and read.team is null then null
            when kinds.class_uid = 6005 and read.store is null then null
            else kinds.class_uid
        end as kind_class
    from read
    left join kinds on read.workload = kinds.workload and read.kind = kinds.kind
    left join errors on read.error_code = errors.error_code

),

classified as (

    select
        matched.*,
        case when operation is null then 0 else coalesce(kind_class, 6003) end as to_class,
        case
            when operation is null then 99
            -- who leaves is logged as somebody who came
            when kind_class = 3002 and request_type like '%:logout' then 2
            -- an interrupt asks for something more: the sign-in is neither done nor refused for good
            when kind_class = 3002 and (sign_in_outcome = 'interrupt' or event.LogonError like '%Interrupt') then 6
            when kind_class is not null then kind_activity
            when regexp_extract(kind, '(created|added|uploaded|posted|creation)$', 1) <> '' then 1
            when regexp_extract(kind, '(viewed|accessed|used|queried|downloaded|opened|signaled)$', 1) <> '' then 2
            when regexp_extract(kind, '(deleted|removed|deletion)$', 1) <> '' then 4
            when regexp_extract(kind, '(updated|modified|changed|enabled|disabled|renamed|moved|revoked)$', 1) <> '' then 3
            when regexp_extract(kind, '^(new|add|create)', 1) <> '' then 1
            when regexp_extract(kind, '^(get|search|test|export|view|read|list|aggregate|validate|download)', 1) <> '' then 2
            when regexp_extract(kind, '^(set|update|enable|disable|install|start|stop|edit|change|invoke|move|restore)', 1) <> '' then 3
            when regexp_extract(kind, '^(remove|delete|hard delete|purge)', 1) <> '' then 4
            else 99
        end as to_activity,
        case
            when operation is null then 0
            when kind = 'userloginfailed' then 2
            when outcome in ('failed', 'failure', 'false') then 2
            when outcome is null or outcome in ('', 'success', 'succeeded', 'true', 'partiallysucceeded') then 1
            else 99
        end as result,
        case
            when kind not like 'alert%' then 1
            when lower(event.Severity) = 'high' then 4
            when lower(event.Severity) = 'medium' then 3
            when lower(event.Severity) = 'low' then 2
            else 1
        end as grade,
        case event.UserType
            when '0' then 'Regular' when '1' then 'Reserved' when '2' then 'Admin' when '3' then 'DcAdmin' when '4' then 'System'
            when '5' then 'Application' when '6' then 'ServicePrincipal' when '7' then 'CustomPolicy' when '8' then 'SystemPolicy'
            when '9' then 'PartnerTechnician' when '10' then 'Guest'
        end as actor_type,
        coalesce(
            nullif(event.UserAgent, ''), told_agent, {{ json_text('more_details', 'User-Agent') }}, nullif(event.ClientInfoString, '')
        ) as agent
    from matched

),

about_users as (

    select
        classified.*,
        to_class in (3001, 3002, 3005) or (to_class = 3006 and to_activity in (1, 2, 3, 4) and about is not null) as has_user,
        case when to_class = 3002 then user_id else about end as user_text,
        case
            when to_class = 3002 then coalesce(actor_object, user_key)
            when workload = 'azureactivedirectory' and kind like 'add app role assignment%' then grantee_uid
            when workload = 'azureactivedirectory' then coalesce(target_object, grantee_uid)
        end as user_object
    from classified

),

final as (

    select
        -- identity, lineage and time: content and exports write one record in different bytes
        {{ ocsf_identity_columns(
            'o365_audit', 'Microsoft 365', 'Microsoft', uid='event.Id', code='operation',
            text='case when event.Id is null then raw else '
            ~ entity_key([
                'event.Id', 'kind', 'event.CreationTime', "nullif(event.UserId, '')", "nullif(event.ObjectId, '')", 'outcome',
                'event.ClientIP',
            ]) ~ ' end',
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'operation') }},
        cast(grade as integer) as severity_id,
        case grade when 4 then 'High' when 3 then 'Medium' when 2 then 'Low' else 'Informational' end as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' when 0 then 'Unknown' else event.ResultStatus end as status,
        coalesce(nullif(event.ErrorNumber, ''), nullif(event.ResultStatus, '')) as status_code,
        case when result = 2 then coalesce(nullif(event.LogonError, ''), sign_in_reason) end as status_detail,
        cast(case when result = 1 then 1 when result = 2 and to_activity <> 6 then 2 end as integer) as action_id,
        -- actor
        user_id as actor_user_name,
        coalesce(actor_object, user_key) as actor_user_uid,
        case when actor_object is not null then user_key end as actor_user_uid_alt,
        actor_type as actor_user_type,
        cast(
            case
                when event.UserType in ('0', '10') then 1
                when event.UserType in ('2', '3') then 2
                when event.UserType = '4' then 3
                when actor_type is not null then 99
            end as integer
        ) as actor_user_type_id,
        case when user_id like '%@%.%' then user_id end as actor_user_email_addr,
        tenant as actor_user_account_uid,
        coalesce(nullif(event.AppAccessContext.AADSessionId, ''), nullif(event.SessionId, '')) as actor_session_uid,
        coalesce(
            nullif(event.ApplicationDisplayName, ''), nullif(event.ClientProcessName, ''), actor_application,
            nullif(event.ApplicationId, ''), nullif(event.AppId, ''), case when user_id is null then 'Microsoft 365' end
        ) as actor_app_name,
        'Microsoft Entra ID' as actor_idp_name,
        -- network
        caller_ip as src_endpoint_ip,
        case when caller_ip is null then 'Microsoft 365' end as src_endpoint_svc_name,
        'Microsoft 365' as dst_endpoint_svc_name,
        -- api and cloud
        operation as api_operation,
        coalesce(nullif(event.Workload, ''), 'Microsoft 365') as api_service_name,
        coalesce(
            nullif(event.CorrelationId, ''), nullif(event.AppAccessContext.CorrelationId, ''), nullif(event.ClientRequestId, ''),
            nullif(event.InterSystemsId, '')
        ) as api_request_uid,
        case when result = 2 then coalesce(nullif(event.LogonError, ''), cast(error_code as string), event.ResultStatus) end
            as api_response_error,
        'Azure' as cloud_provider,
        tenant as cloud_account_uid,
        tenant as cloud_org_uid,
        agent as http_user_agent,
        coalesce(nullif(event.SharePointMetaData.FilePathUrl, ''), object_id, nullif(event.Item.Id, ''), store, team) as resource_uid,
        coalesce(
            nullif(event.SourceFileName, ''), nullif(event.SharePointMetaData.FileName, ''), nullif(event.Item.Subject, ''),
            case when to_class = 3006 then team end, target_name, nullif(event.Name, ''), object_id, store
        ) as resource_name,
        case
            when to_class = 3006 then 'group'
            when workload = 'sharepoint' then coalesce(lower(nullif(event.ItemType, '')), 'site')
            when store is not null then 'mailbox'
            when object_id is not null then 'object'
        end as resource_type,
        {{ json_without('raw', mapped) }} as unmapped,
        -- class extras: who signs in, or the user or application that the record is about
        case when has_user then coalesce(user_text, user_object, 'unknown') end as user_name,
        case when has_user then user_object end as user_uid,
        case when has_user then case when to_class = 3002 then actor_type else 'User' end end as user_type,
        case when has_user and user_text like '%@%.%' then user_text end as user_email_addr,
        case when has_user then tenant end as user_account_uid,
        case when to_class = 3006 then team end as group_name,
        case when to_class = 3006 then coalesce(changed_group_uid, nullif(event.TeamGuid, '')) end as group_uid,
        case
            when to_class = 3005 then {{ "split(privilege, ', ')" }}
            when to_class = 3006 and kind like '% owner %' then {{ list_of(["'owner'"]) }}
            when to_class = 3006 and kind = 'memberrolechanged' then {{ list_of(['member_role']) }}
        end as privileges,
        case when to_class = 3005 then role_uid end as policy_uid,
        case when to_class = 3005 then role_name end as policy_name,
        -- class extras: authentication
        case when to_class = 3002 then coalesce(object_id, event.Workload) end as service_name,
        -- class extras: the store; a site, or a mailbox
        case when to_class = 6005 then store end as databucket_name,
        case when to_class = 6005 then coalesce(object_id, nullif(event.Item.Id, '')) end as databucket_object,
        cast(case when to_class = 6005 then 2 end as integer) as datastore_type_id,
        case when to_class = 6005 then try_cast(event.FileSizeBytes as bigint) end as bytes
    from about_users

)

select * from final
