{{ routes_to(['api_activity', 'datastore_activity', 'authentication', 'account_change', 'user_access', 'group_management', 'base_event']) }}

{# https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog #}
{% set entry_fields = {
    'insertId': 'string', 'logName': 'string', 'severity': 'string', 'receiveTimestamp': 'json', 'labels': 'json',
    'operation': 'json', 'trace': 'json', 'spanId': 'json', 'split': 'json',
    'resource': {'type': 'string', 'labels': 'json'},
    'protoPayload': {
        'serviceName': 'string', 'methodName': 'string', 'resourceName': 'string', 'numResponseItems': 'json',
        'resourceLocation': {'currentLocations': ['string']},
        'status': {'code': 'string', 'message': 'string', 'details': 'json'},
        'authenticationInfo': {
            'principalEmail': 'string', 'principalSubject': 'string', 'serviceAccountKeyName': 'string',
            'serviceAccountDelegationInfo': 'json', 'authoritySelector': 'json', 'thirdPartyPrincipal': 'json',
        },
        'authorizationInfo': 'json', 'policyViolationInfo': 'json',
        'requestMetadata': {
            'callerIp': 'string', 'callerSuppliedUserAgent': 'string', 'callerNetwork': 'string', 'requestAttributes': 'json',
        },
        'request': 'json', 'response': 'json', 'metadata': 'json', 'serviceData': 'json', 'resourceOriginalState': 'json',
    },
} %}
{% set label_fields = {
    'project_id': 'string', 'organization_id': 'string', 'folder_id': 'string', 'location': 'string', 'region': 'string',
    'zone': 'string', 'email_id': 'string', 'unique_id': 'string', 'bucket_name': 'string', 'dataset_id': 'string',
} %}
{% set permission_fields = [{
    'resource': 'string', 'permission': 'string', 'granted': 'string',
    'resourceAttributes': {'name': 'string', 'service': 'string', 'type': 'string'},
}] %}
{% set delegation_fields = [{'principalSubject': 'string', 'firstPartyPrincipal': {'principalEmail': 'string'}}] %}
{% set request_fields = {'name': 'string', 'policy': {'bindings': [{'role': 'string', 'members': ['string']}]}} %}
{% set response_fields = {'name': 'string', 'email': 'string', 'unique_id': 'string', 'uniqueId': 'string'} %}
{% set data_fields = {'policyDelta': {'bindingDeltas': [{'action': 'string', 'role': 'string', 'member': 'string'}]}} %}
{% set tables = {'queryStats': {'referencedTables': ['string']}} %}
{% set metadata_fields = {
    'violationReason': 'string', 'dryRun': 'string',
    'event': [{'status': {'success': 'string'}, 'parameter': [{'name': 'string', 'value': 'string'}]}],
    'jobChange': {'job': {'jobStats': tables}},
} %}
{% set version = '(v[0-9]+[a-z0-9]*|alpha|beta)' %}
{% set no_text = 'cast(null as varchar)' %}

with

records as (

    select * from {{ new_rows(source('bronze', 'gcp_audit')) }}

),

kinds as (

    select * from {{ ref('gcp_audit') }}

),

parsed as (

    select
        records.*,
        {{ parse_json('raw', entry_fields) }} as entry
    from records

),

opened as (

    select
        parsed.*,
        entry.protoPayload as audit,
        entry.protoPayload.authenticationInfo as identity,
        nullif(entry.protoPayload.methodName, '') as method,
        nullif(entry.protoPayload.serviceName, '') as service,
        nullif(entry.protoPayload.resourceName, '') as target,
        nullif(entry.protoPayload.requestMetadata.callerIp, '') as caller,
        try_cast(entry.protoPayload.status.code as integer) as code,
        {{ parse_json('entry.resource.labels', label_fields) }} as label,
        {{ parse_json('entry.protoPayload.authorizationInfo', permission_fields) }} as permissions,
        {{ parse_json('entry.protoPayload.authenticationInfo.serviceAccountDelegationInfo', delegation_fields) }} as delegation,
        {{ parse_json('entry.protoPayload.request', request_fields) }} as request,
        {{ parse_json('entry.protoPayload.response', response_fields) }} as response,
        {{ parse_json('entry.protoPayload.serviceData', data_fields) }} as data,
        {{ parse_json('entry.protoPayload.metadata', metadata_fields) }} as metadata
    from parsed

),

named as (

    select
        opened.*,
        -- v1.compute.firewalls.insert and google.iam.admin.v1.CreateServiceAccount without their versions
        regexp_replace(regexp_replace(method, '^{{ version }}[.]', ''), '[.]{{ version }}[.]', '.') as operation,
        regexp_extract(method, '([A-Za-z0-9_]+)$', 1) as verb,
        -- who acted
        nullif(identity.principalEmail, '') as actor_login,
        coalesce(nullif(identity.principalEmail, ''), nullif(identity.principalSubject, '')) as actor_uid,
        {{ is_ip('caller') }} as is_from_ip,
        -- where
        coalesce(
            nullif(label.project_id, ''),
            nullif(regexp_extract(entry.logName, '^projects/([^/]+)', 1), ''),
            nullif(regexp_extract(target, '^projects/([^/_][^/]*)', 1), '')
        ) as project_uid,
        -- which store
        nullif(regexp_extract(target, '/buckets/([^/]+)', 1), '') as store_bucket,
        nullif(regexp_extract(target, '/buckets/[^/]+/objects/(.+)$', 1), '') as store_object,
        {{ list_item('metadata.jobChange.job.jobStats.queryStats.referencedTables', 1) }} as queried,
        -- what was granted; where nothing was, what was revoked; where no change is told, the policy that was set
        {{ list_where('data.policyDelta.bindingDeltas', "item.action = 'ADD'") }} as added,
        {{ list_where('data.policyDelta.bindingDeltas', "item.action = 'REMOVE'") }} as removed,
        case when data.policyDelta is null then request.policy.bindings end as policy,
        {{ list_item('metadata.event', 1) }}.parameter as told,
        {{ list_item(list_where('permissions', "item.granted = 'false'"), 1) }} is not null as refused,
        {{ list_item(list_where('permissions', "item.granted = 'true'"), 1) }} is not null as granted
    from opened

),

about as (

    select
        named.*,
        case
            when {{ list_item('added', 1) }} is not null then {{ list_map('added', 'item.role') }}
            when {{ list_item('removed', 1) }} is not null then {{ list_map('removed', 'item.role') }}
            when {{ list_item('policy', 1) }} is not null then {{ list_map('policy', 'item.role') }}
        end as roles,
        case
            when {{ list_item('added', 1) }} is not null then {{ list_map('added', 'item.member') }}
            when {{ list_item('removed', 1) }} is not null then {{ list_map('removed', 'item.member') }}
            when {{ list_item('policy', 1) }} is not null then flatten({{ list_map('policy', 'item.members') }})
        end as members,
        coalesce(
            nullif(regexp_extract(target, '/tables/([^/]+)', 1), ''), nullif(regexp_extract(queried, '/tables/([^/]+)', 1), '')
        ) as store_table,
        coalesce(
            nullif(regexp_extract(target, '/(?:datasets|databases)/([^/]+)', 1), ''),
            nullif(regexp_extract(queried, '/datasets/([^/]+)', 1), ''),
            nullif(label.dataset_id, ''),
            case
                when service in ('bigtable.googleapis.com', 'spanner.googleapis.com', 'cloudsql.googleapis.com')
                    then nullif(regexp_extract(target, 'instances/([^/]+)', 1), '')
                when service in ('datastore.googleapis.com', 'firestore.googleapis.com') then '(default)'
            end
        ) as store_database,
        coalesce(
            nullif({{ list_item(list_where('told', "item.name = 'affected_email_address'"), 1) }}.value, ''),
            nullif({{ list_item(list_where('told', "item.name = 'USER_EMAIL'"), 1) }}.value, '')
        ) as told_user,
        coalesce(
            nullif({{ list_item(list_where('told', "item.name = 'GROUP_EMAIL'"), 1) }}.value, ''),
            nullif(regexp_extract(target, '^(groups/[^/]+)', 1), '')
        ) as team,
        coalesce(
            nullif(label.email_id, ''), nullif(response.email, ''),
            nullif(regexp_extract(request.name, '/serviceAccounts/([^/]+)', 1), ''),
            nullif(regexp_extract(target, '/serviceAccounts/([^/]+)', 1), '')
        ) as service_account
    from named

),

matched as (

    select
        about.*,
        coalesce(exact.activity_id, alike.activity_id) as kind_activity,
        coalesce(exact.class_uid, alike.class_uid) as named_class
    from about
    left join kinds as exact
        on about.operation = exact.method_name
    left join kinds as alike
        on '*.' || lower(about.verb) = alike.method_name

),

fitted as (

    select
        matched.*,
        -- a call that does not say which store, which privilege or which group lacks what its class requires: it is still a call
        case
            when named_class = 6005 and coalesce(store_bucket, store_table, store_database) is null then null
            when named_class = 3005 and {{ list_item('roles', 1) }} is null then null
            when named_class = 3006 and team is null then null
            else named_class
        end as kind_class
    from matched

),

classified as (

    select
        fitted.*,
        case when method is null then 0 else coalesce(kind_class, 6003) end as to_class,
        case
            when method is null then 99
            when kind_class = 3005
                then case
                    when {{ list_item('added', 1) }} is null and {{ list_item('removed', 1) }} is not null then 2
                    else kind_activity
                end
            when kind_class is not null then kind_activity
            when named_class in (3005, 3006) then 3
            else {{ api_activity_of("(upper(left(verb, 1)) || substr(verb, 2))") }}
        end as to_activity,
        -- An operation that has only begun was accepted; the entry that closes it says how it went.
        case
            when method is null then 0
            -- what a perimeter that is only tried out would have refused: whether the call itself succeeded is not said
            when metadata.dryRun = 'true' then 0
            when code <> 0 then 2
            when operation = 'google.login.LoginService.loginFailure' then 2
            when {{ list_item('metadata.event', 1) }}.status.success = 'false' then 2
            -- refused without a code: what was asked for was not granted, and nothing else was
            when code is null and refused and not granted then 2
            else 1
        end as result,
        case
            when actor_uid is null then null
            when actor_login like '%gserviceaccount.com' then 'ServiceAccount'
            when identity.principalSubject like 'serviceAccount:%' or actor_login like 'system:serviceaccount:%' then 'ServiceAccount'
            when actor_login = 'system@google.com' or actor_login like 'system:%' then 'System'
            when actor_login is null and identity.principalSubject like 'principal%://%' then 'FederatedIdentity'
            else 'User'
        end as actor_type,
        case
            when upper(entry.severity) in ('DEFAULT', 'DEBUG', 'INFO', 'NOTICE') or entry.severity is null then 1
            when upper(entry.severity) = 'WARNING' then 3
            when upper(entry.severity) = 'ERROR' then 4
            when upper(entry.severity) in ('CRITICAL', 'ALERT') then 5
            when upper(entry.severity) = 'EMERGENCY' then 6
            else 0
        end as grade
    from fitted

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns('gcp_audit', 'Cloud Audit Logs', 'Google', uid='entry.insertId', code='method') }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'method') }},
        cast(grade as integer) as severity_id,
        case grade
            when 1 then 'Informational'
            when 3 then 'Medium'
            when 4 then 'High'
            when 5 then 'Critical'
            when 6 then 'Fatal'
            else 'Unknown'
        end as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        audit.status.code as status_code,
        nullif(
            concat_ws(
                '; ',
                nullif(audit.status.message, ''),
                nullif(metadata.violationReason, ''),
                {{ json_text('audit.policyViolationInfo', 'orgPolicyViolationInfo', 'violationInfo', 0, 'constraint') }},
                {{ json_text('audit.policyViolationInfo', 'orgPolicyViolationInfo', 'violationInfo', 0, 'errorMessage') }}
            ),
            ''
        ) as status_detail,
        cast(
            case
                when metadata.dryRun = 'true' then 3
                when code = 7 or entry.logName like '%cloudaudit.googleapis.com%policy' or (result = 2 and code is null) then 2
                when result = 1 then 1
            end as integer
        ) as action_id,
        -- actor
        actor_uid as actor_user_name,
        actor_uid as actor_user_uid,
        nullif(identity.principalSubject, '') as actor_user_uid_alt,
        actor_type as actor_user_type,
        cast(
            case when actor_type = 'User' then 1 when actor_type = 'System' then 3 when actor_type is not null then 99 end as integer
        ) as actor_user_type_id,
        case when actor_login like '%@%' and actor_login not like 'system:%' then actor_login end as actor_user_email_addr,
        nullif(regexp_extract(actor_login, '@([^.@]+)[.]iam[.]gserviceaccount[.]com$', 1), '') as actor_user_account_uid,
        nullif(identity.serviceAccountKeyName, '') as actor_user_credential_uid,
        coalesce(
            {{ list_item('delegation', 1) }}.firstPartyPrincipal.principalEmail, {{ list_item('delegation', 1) }}.principalSubject
        ) as actor_session_issuer,
        case when actor_uid is null then coalesce(service, 'Google Cloud') end as actor_app_name,
        nullif(regexp_extract(identity.principalSubject, '/(?:workloadIdentityPools|workforcePools)/([^/]+)', 1), '') as actor_idp_name,
        -- network
        case when is_from_ip then caller end as src_endpoint_ip,
        case
            when coalesce(is_from_ip, false) then {{ no_text }}
            else coalesce(caller, service, 'Google Cloud')
        end as src_endpoint_svc_name,
        nullif(regexp_extract(audit.requestMetadata.callerNetwork, '([^/]+)$', 1), '') as src_endpoint_vpc_uid,
        service as dst_endpoint_svc_name,
        -- api and cloud
        method as api_operation,
        service as api_service_name,
        nullif(regexp_extract(method, '(^|[.]){{ version }}[.]', 2), '') as api_version,
        {{ json_text('entry.operation', 'id') }} as api_request_uid,
        cast(audit.request as varchar) as api_request_data,
        code as api_response_code,
        coalesce({{ rpc_code_name('code') }}, case when code <> 0 then audit.status.code end) as api_response_error,
        case when result = 2 then nullif(audit.status.message, '') end as api_response_message,
        cast(audit.response as varchar) as api_response_data,
        'GCP' as cloud_provider,
        project_uid as cloud_account_uid,
        coalesce(
            nullif(label.location, ''), nullif(label.region, ''), nullif(label.zone, ''),
            {{ list_item('audit.resourceLocation.currentLocations', 1) }}
        ) as cloud_region,
        coalesce(
            nullif(label.organization_id, ''),
            nullif(regexp_extract(entry.logName, '^organizations/([^/]+)', 1), ''),
            nullif(regexp_extract(target, '^organizations/([^/]+)', 1), '')
        ) as cloud_org_uid,
        nullif(audit.requestMetadata.callerSuppliedUserAgent, '') as http_user_agent,
        target as resource_uid,
        coalesce(store_object, nullif(regexp_extract(target, '([^/]+)$', 1), '')) as resource_name,
        case when service = 'secretmanager.googleapis.com' then 'secret' else entry.resource.type end as resource_type,
        case
            when {{ list_item('permissions', 1) }} is not null
                then {{ list_map('permissions', struct_of({
                    'uid': 'coalesce(item.resource, item.resourceAttributes.name)', 'name': no_text,
                    'type': 'item.resourceAttributes.type', 'account_uid': no_text,
                })) }}
            when target is not null
                then {{ list_of([struct_of({
                    'uid': 'target', 'name': no_text, 'type': 'entry.resource.type', 'account_uid': no_text,
                })]) }}
        end as resources,
        {{ json_of({
            'receiveTimestamp': 'entry.receiveTimestamp', 'labels': 'entry.labels', 'resourceLabels': 'entry.resource.labels',
            'operation': 'entry.operation', 'trace': 'entry.trace', 'spanId': 'entry.spanId', 'split': 'entry.split',
            'numResponseItems': 'audit.numResponseItems', 'statusDetails': 'audit.status.details',
            'serviceAccountDelegationInfo': 'identity.serviceAccountDelegationInfo', 'authoritySelector': 'identity.authoritySelector',
            'thirdPartyPrincipal': 'identity.thirdPartyPrincipal', 'authorizationInfo': 'audit.authorizationInfo',
            'policyViolationInfo': 'audit.policyViolationInfo', 'requestAttributes': 'audit.requestMetadata.requestAttributes',
            'metadata': 'audit.metadata', 'serviceData': 'audit.serviceData', 'resourceOriginalState': 'audit.resourceOriginalState',
        }) }} as unmapped,
        -- class extras: the store
        case when to_class = 6005 then store_bucket end as databucket_name,
        case when to_class = 6005 then store_object end as databucket_object,
        case when to_class = 6005 then store_database end as database_name,
        case when to_class = 6005 then store_table end as table_name,
        cast(
            case
                when to_class <> 6005 then null
                when store_bucket is not null then 2
                when store_table is not null then 3
                else 1
            end as integer
        ) as datastore_type_id,
        -- class extras: the user that the event is about
        case
            when to_class = 3005 then left({{ joined_texts(distinct_items('members')) }}, 1000)
            when to_class = 3006 then told_user
            when to_class = 3001 then coalesce(told_user, service_account, actor_uid, target, 'unknown')
            when to_class = 3002 then coalesce(told_user, service_account, actor_uid, 'unknown')
        end as user_name,
        case
            when to_class = 3005 then {{ list_item('members', 1) }}
            when to_class in (3001, 3002) and service_account is not null
                then coalesce(nullif(label.unique_id, ''), response.unique_id, response.uniqueId, service_account)
            when to_class = 3002 then actor_uid
        end as user_uid,
        case
            when to_class = 3005 then split_part({{ list_item('members', 1) }}, ':', 1)
            when to_class in (3001, 3002) and service_account is not null then 'ServiceAccount'
            when to_class in (3001, 3002) then 'User'
        end as user_type,
        case
            when to_class = 3005 then nullif(regexp_extract({{ list_item('members', 1) }}, ':([^:]+@[^:]+)$', 1), '')
            when to_class = 3006 then told_user
            when to_class in (3001, 3002) and coalesce(told_user, service_account, actor_login) like '%@%'
                then coalesce(told_user, service_account, actor_login)
        end as user_email_addr,
        case when to_class in (3001, 3002) and service_account is not null then project_uid end as user_account_uid,
        case
            when to_class = 3001
                then coalesce(
                    nullif(regexp_extract(response.name, '/keys/([^/]+)$', 1), ''),
                    nullif(regexp_extract(request.name, '/keys/([^/]+)$', 1), '')
                )
        end as user_credential_uid,
        case when to_class = 3006 then team end as group_name,
        case when to_class = 3006 then nullif(regexp_extract(target, '^(groups/[^/]+)', 1), '') end as group_uid,
        case when to_class = 3005 then {{ distinct_items('roles') }} end as privileges,
        case when to_class = 3005 then {{ list_item('roles', 1) }} end as policy_uid,
        case when to_class = 3005 then {{ joined_texts(distinct_items('roles')) }} end as policy_name,
        -- class extras: authentication
        case when to_class = 3002 then service end as service_name
    from classified

)

select * from final
