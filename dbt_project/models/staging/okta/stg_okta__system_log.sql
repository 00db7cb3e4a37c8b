{{ routes_to(['api_activity', 'authentication', 'account_change', 'user_access', 'group_management', 'base_event']) }}

{# https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/ #}
{% set thing = {'id': 'string', 'type': 'string', 'alternateId': 'string', 'displayName': 'string', 'detailEntry': 'json'} %}
{% set event_fields = {
    'uuid': 'string', 'eventType': 'string', 'displayMessage': 'string', 'severity': 'string', 'version': 'string',
    'actor': thing, 'target': [thing], 'outcome': {'result': 'string', 'reason': 'string'},
    'client': {
        'ipAddress': 'string', 'userAgent': {'rawUserAgent': 'string'}, 'geographicalContext': {'country': 'string'},
    },
    'securityContext': {'asNumber': 'string', 'domain': 'string'},
    'authenticationContext': {
        'externalSessionId': 'string', 'credentialType': 'string', 'authenticationProvider': 'string',
    },
    'transaction': {'id': 'string', 'detail': {'requestApiTokenId': 'string'}},
    'debugContext': {'debugData': {
        'requestId': 'string', 'factor': 'string', 'signOnMode': 'string', 'privilegeGranted': 'string', 'privilegeRevoked': 'string',
    }},
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'okta_system_log')) }}

),

kinds as (

    select * from {{ ref('okta_system_log') }}

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
        event.debugContext.debugData as debug,
        nullif(nullif(event.actor.alternateId, 'unknown'), '') as actor_login,
        nullif(nullif(event.actor.id, 'unknown'), '') as actor_uid,
        coalesce(
            {{ list_item(list_where('event.target', "item.type = 'User'"), 1) }},
            {{ list_item(list_where('event.target', "item.type = 'AppUser'"), 1) }}
        ) as about,
        {{ list_item(list_where('event.target', "item.type = 'AppInstance'"), 1) }} as app,
        coalesce(
            {{ list_item(list_where('event.target', "item.type not in ('User', 'AppUser')"), 1) }},
            {{ list_item('event.target', 1) }}
        ) as thing,
        {{ list_item(list_where('event.target', "lower(item.type) like '%role%'"), 1) }} as role,
        {{ list_item(list_where('event.target', "item.type = 'UserGroup'"), 1) }} as team,
        nullif(coalesce(event.debugContext.debugData.privilegeGranted, event.debugContext.debugData.privilegeRevoked), '') as privilege,
        nullif(regexp_extract(event.eventType, '([a-z_A-Z0-9]+)$', 1), '') as verb,
        upper(event.outcome.result) as outcome,
        -- Identity Engine logs the password as auth_via_mfa too
        coalesce(upper(event.debugContext.debugData.factor) = 'PASSWORD_AS_FACTOR', false) as is_password,
        {{ is_ip('event.client.ipAddress') }} as is_from_ip
    from parsed

),

matched as (

    select
        opened.*,
        kinds.activity_id as kind_activity,
        -- a grant that names no privilege, a change that names no group, is still a call
        case
            when kinds.class_uid = 3005 and coalesce(opened.privilege, opened.role.displayName) is null then null
            when kinds.class_uid = 3006 and coalesce(opened.team.displayName, opened.team.id) is null then null
            else kinds.class_uid
        end as kind_class
    from opened
    left join kinds on opened.event.eventType = kinds.event_type

),

classified as (

    select
        matched.*,
        case when event.eventType is null then 0 else coalesce(kind_class, 6003) end as to_class,
        case
            when event.eventType is null then 99
            when kind_class is not null then kind_activity
            when kind_activity is not null then 3
            when verb in ('create', 'add', 'import', 'upload', 'generate') then 1
            when verb in ('read', 'view', 'download', 'export', 'list', 'reveal') then 2
            when verb in (
                'update', 'activate', 'deactivate', 'enable', 'disable', 'revoke', 'rotate', 'reset', 'suspend', 'unsuspend',
                'change', 'set', 'modify', 'remove', 'assign', 'unassign'
            ) then 3
            when verb in ('delete', 'purge') then 4
            else 99
        end as to_activity,
        case
            when event.eventType like 'user.mfa.okta_verify.deny_push%' then 2
            when outcome in ('SUCCESS', 'ALLOW') then 1
            when outcome in ('FAILURE', 'DENY') then 2
            when outcome is null or outcome = 'UNKNOWN' then 0
            else 99
        end as result,
        case upper(event.severity) when 'DEBUG' then 1 when 'INFO' then 1 when 'WARN' then 3 when 'ERROR' then 4 else 0 end as grade,
        case
            when regexp_extract(event.eventType, '^(user[.]mfa[.]|system[.](push|sms|voice)[.]|.*[.]auth_via_mfa$)', 1) <> ''
                then coalesce(
                    debug.factor,
                    case when event.eventType like '%push%' then 'OKTA_VERIFY_PUSH' end,
                    event.authenticationContext.credentialType
                )
            else debug.factor
        end as factor
    from matched

),

about_users as (

    select
        classified.*,
        -- of a group, only the member that came or went: never the one who acted
        to_class in (3001, 3002, 3005) or (to_class = 3006 and about is not null) as has_user
    from classified

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            'okta_system_log', 'System Log', 'Okta', uid='event.uuid', code='event.eventType', profiles=['datetime', 'security_control'],
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'event.eventType') }},
        cast(grade as integer) as severity_id,
        case grade when 1 then 'Informational' when 3 then 'Medium' when 4 then 'High' else 'Unknown' end as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' when 0 then 'Unknown' else event.outcome.result end as status,
        event.outcome.result as status_code,
        event.outcome.reason as status_detail,
        cast(case outcome when 'ALLOW' then 1 when 'DENY' then 2 end as integer) as action_id,
        event.displayMessage as message,
        -- actor
        coalesce(actor_login, nullif(event.actor.displayName, 'unknown')) as actor_user_name,
        actor_uid as actor_user_uid,
        event.actor.type as actor_user_type,
        cast(
            case
                when event.actor.type = 'User' then 1
                when event.actor.type = 'SystemPrincipal' then 3
                when event.actor.type is not null then 99
            end as integer
        ) as actor_user_type_id,
        case when actor_login like '%@%' then actor_login end as actor_user_email_addr,
        event.transaction.detail.requestApiTokenId as actor_user_credential_uid,
        nullif(event.authenticationContext.externalSessionId, 'unknown') as actor_session_uid,
        case
            when event.actor.type like '%App%' then event.actor.displayName
            when actor_login is null and actor_uid is null then 'Okta'
        end as actor_app_name,
        event.authenticationContext.authenticationProvider as actor_idp_name,
        -- network
        case when is_from_ip then event.client.ipAddress end as src_endpoint_ip,
        case when event.securityContext.domain like '%_.%' then event.securityContext.domain end as src_endpoint_domain,
        case
            when coalesce(is_from_ip, false) then cast(null as varchar)
            else coalesce(nullif(event.client.ipAddress, ''), 'Okta')
        end as src_endpoint_svc_name,
        event.client.geographicalContext.country as src_endpoint_country,
        try_cast(event.securityContext.asNumber as bigint) as src_endpoint_asn,
        'Okta' as dst_endpoint_svc_name,
        -- api and cloud
        event.eventType as api_operation,
        'Okta' as api_service_name,
        event.version as api_version,
        coalesce(event.transaction.id, debug.requestId) as api_request_uid,
        case when result = 2 then event.outcome.reason end as api_response_error,
        event.client.userAgent.rawUserAgent as http_user_agent,
        thing.id as resource_uid,
        coalesce(thing.displayName, thing.alternateId) as resource_name,
        thing.type as resource_type,
        {{ list_map('event.target', struct_of({
            'uid': 'item.id', 'name': 'coalesce(item.alternateId, item.displayName)', 'type': 'item.type',
            'account_uid': 'cast(null as varchar)',
        })) }} as resources,
        {{ json_without('raw', ['uuid', 'published', 'eventType', 'displayMessage', 'severity', 'version', 'outcome']) }} as unmapped,
        -- class extras: the user that the event is about
        case
            when has_user
                then coalesce(about.alternateId, about.displayName, actor_login, event.actor.displayName, thing.displayName, 'unknown')
        end as user_name,
        case when has_user and about is not null then about.id when has_user and actor_login is not null then actor_uid end as user_uid,
        case when has_user then coalesce(about.type, event.actor.type) end as user_type,
        case
            when has_user and coalesce(about.alternateId, actor_login) like '%@%' then coalesce(about.alternateId, actor_login)
        end as user_email_addr,
        case when to_class = 3006 then coalesce(team.displayName, team.id) end as group_name,
        case when to_class = 3006 then team.id end as group_uid,
        case when to_class = 3005 then coalesce({{ "split(privilege, ', ')" }}, {{ list_of(['role.displayName']) }}) end as privileges,
        case when to_class = 3005 then role.id end as policy_uid,
        case when to_class = 3005 then coalesce(role.displayName, privilege) end as policy_name,
        -- class extras: authentication
        case when to_class = 3002 and not is_password and (factor is not null or event.eventType like '%mfa%') then true end as is_mfa,
        case when to_class = 3002 and not is_password then factor end as mfa_factor,
        cast(
            case
                when to_class <> 3002 then null
                when debug.signOnMode = 'OpenID Connect' then 4
                when debug.signOnMode like 'SAML%' then 5
                when event.eventType like 'app.oauth2.%' then 6
                when event.eventType like '%radius' then 10
                when event.eventType like '%LDAP%' then 12
            end as integer
        ) as auth_protocol_id,
        case when to_class = 3002 then coalesce(app.displayName, app.alternateId, 'Okta') end as service_name
    from about_users

)

select * from final
