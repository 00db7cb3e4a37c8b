{{ routes_to(['api_activity', 'base_event']) }}

{# https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/ #}
{% set user_fields = {'username': 'string', 'uid': 'string', 'groups': 'json', 'extra': 'json'} %}
{% set event_fields = {
    'level': 'json', 'auditID': 'string', 'stage': 'string', 'requestURI': 'json', 'verb': 'string',
    'user': user_fields, 'impersonatedUser': user_fields, 'authenticationMetadata': 'json',
    'sourceIPs': 'json', 'userAgent': 'string',
    'objectRef': {
        'resource': 'string', 'namespace': 'string', 'name': 'string', 'uid': 'json', 'apiGroup': 'string',
        'apiVersion': 'string', 'resourceVersion': 'json', 'subresource': 'string',
    },
    'responseStatus': {'message': 'string', 'reason': 'string', 'code': 'string', 'details': 'json'},
    'requestObject': 'json', 'responseObject': 'json', 'requestReceivedTimestamp': 'string', 'stageTimestamp': 'string',
    'annotations': 'json',
} %}
{# What stands around it: GKE's LogEntry and its AuditLog, and AKS's resource log. #}
{% set entry_fields = {
    'insertId': 'string', 'logName': 'string', 'receiveTimestamp': 'json', 'labels': 'json', 'operation': 'json',
    'resource': {'labels': {'project_id': 'string', 'cluster_name': 'string', 'location': 'string'}},
    'protoPayload': {
        'serviceName': 'string', 'methodName': 'string', 'resourceName': 'string',
        'status': {'code': 'string', 'message': 'string'},
        'authenticationInfo': {'principalEmail': 'string', 'authoritySelector': 'json'}, 'authorizationInfo': 'json',
        'requestMetadata': {'callerIp': 'string', 'callerSuppliedUserAgent': 'string'},
        'request': 'json', 'response': 'json', 'metadata': 'json',
    },
    'category': 'json', 'resourceId': 'string', 'location': 'string', 'ccpNamespace': 'json',
    'properties': {'log': 'string', 'pod': 'json', 'containerID': 'json'},
} %}
{# io.k8s.authorization.rbac.v1.clusterroles.create, io.k8s.core.v1.pods.exec.create #}
{% set gke_method = '[.]v[0-9]+[a-z0-9]*[.]([^.]+)(?:[.]([^.]+))?[.]([^.]+)$' %}
{# rbac.authorization.k8s.io/v1/clusterroles/x, core/v1/namespaces/shop/pods/web/exec #}
{% set gke_resource = '^([^/]+)/([^/]+)/(?:namespaces/([^/]+)/)?[^/]+(?:/([^/]+))?' %}
{% set no_text = 'cast(null as varchar)' %}

with

records as (

    select * from {{ new_rows(source('bronze', 'k8s_audit')) }}

),

kinds as (

    select * from {{ ref('k8s_audit') }}

),

parsed as (

    select
        records.*,
        {{ parse_json('raw', entry_fields) }} as entry
    from records

),

texts as (

    select
        parsed.*,
        -- the event's own text, the same in both categories of AKS
        case when entry.resourceId is not null then coalesce(entry.properties.log, raw) else raw end as event_text
    from parsed

),

decoded as (

    select
        texts.*,
        {{ parse_json('event_text', event_fields) }} as event
    from texts

),

opened as (

    select
        decoded.*,
        entry.protoPayload as audit,
        entry.resource.labels as label,
        event.user as caller,
        event.impersonatedUser as impersonated,
        event.objectRef as object,
        event.responseStatus as answer,
        {{ parse_json('event.sourceIPs', ['string']) }} as ips,
        nullif(regexp_extract(entry.protoPayload.methodName, '{{ gke_method }}', 1), '') as gke_kind,
        nullif(regexp_extract(entry.protoPayload.methodName, '{{ gke_method }}', 2), '') as gke_subresource,
        nullif(regexp_extract(entry.protoPayload.methodName, '([^.]+)$', 1), '') as gke_verb,
        nullif(entry.protoPayload.resourceName, '') as gke_resource,
        -- the Kubernetes Status that a refused or failed request was answered with
        try_cast({{ json_text('entry.protoPayload.response', 'code') }} as integer) as gke_answer,
        try_cast(entry.protoPayload.status.code as integer) as rpc_code,
        -- EKS says whose cluster it is by where it logs to
        {{ json_text('attributes', 'cloudwatch', 'owner') }} as eks_account,
        nullif(regexp_extract({{ json_text('attributes', 'cloudwatch', 'log_group') }}, '^/aws/eks/([^/]+)/cluster$', 1), '') as eks_cluster
    from decoded

),

named as (

    select
        opened.*,
        coalesce(nullif(event.verb, ''), gke_verb) as verb,
        -- who called, and who that was allowed to act as
        coalesce(nullif(caller.username, ''), nullif(audit.authenticationInfo.principalEmail, '')) as caller_name,
        nullif(impersonated.username, '') as impersonated_name,
        {{ json_text('caller.extra', 'canonicalArn', 0) }} as caller_role,
        {{ json_text('caller.extra', 'arn', 0) }} as caller_arn,
        -- all but the last of the addresses can be set by the client
        coalesce({{ list_item('ips', 1) }}, nullif(audit.requestMetadata.callerIp, '')) as first_ip,
        {{ list_item('ips', 'greatest(' ~ list_length('ips') ~ ', 1)') }} as last_ip,
        -- which object
        case
            when coalesce(object.resource, gke_kind) is not null
                then coalesce(
                    nullif(object.apiGroup, ''), nullif(regexp_extract(gke_resource, '{{ gke_resource }}', 1), ''), 'core'
                )
        end as api_group,
        coalesce(nullif(object.apiVersion, ''), nullif(regexp_extract(gke_resource, '{{ gke_resource }}', 2), '')) as api_version,
        coalesce(nullif(object.namespace, ''), nullif(regexp_extract(gke_resource, '{{ gke_resource }}', 3), '')) as namespace,
        coalesce(nullif(object.resource, ''), gke_kind) as kind,
        coalesce(nullif(object.subresource, ''), gke_subresource) as subresource,
        coalesce(
            nullif(object.name, ''),
            -- a name that the API server gave, or that only the answer tells
            nullif({{ json_text('event.responseObject', 'metadata', 'name') }}, ''),
            case
                when gke_kind = 'namespaces' then nullif(regexp_extract(gke_resource, '/namespaces/([^/]+)', 1), '')
                else nullif(regexp_extract(gke_resource, '{{ gke_resource }}', 4), '')
            end
        ) as name,
        nullif(split_part({{ json_text('event_text', 'requestURI') }}, '?', 1), '') as path,
        coalesce(
            {{ json_text('event.annotations', 'authorization.k8s.io/decision') }},
            {{ json_text('entry.labels', 'authorization.k8s.io/decision') }}
        ) as decision,
        try_cast(answer.code as integer) as answer_code,
        -- which cluster
        coalesce(
            nullif(label.cluster_name, ''), nullif(lower(regexp_extract(entry.resourceId, '/(?i:managedclusters)/([^/]+)', 1)), ''),
            eks_cluster
        ) as cluster
    from opened

),

kinded as (

    select
        named.*,
        coalesce(impersonated_name, caller_name) as actor,
        {{ is_ip('first_ip') }} as is_first_ip,
        {{ is_ip('last_ip') }} as is_last_ip,
        kind || coalesce('/' || subresource, '') as kind_of_object,
        case
            when gke_resource is not null then gke_resource
            when kind is not null
                then concat_ws(
                    '/', api_group, api_version, case when kind <> 'namespaces' then 'namespaces/' || namespace end, kind, name, subresource
                )
            else path
        end as object_uid,
        case
            when label.cluster_name is not null
                then concat_ws('/', 'projects', label.project_id, 'locations', label.location, 'clusters', label.cluster_name)
            when entry.resourceId is not null then lower(entry.resourceId)
        end as cluster_uid,
        coalesce(answer_code, case when gke_answer >= 100 then gke_answer end) as http_code,
        -- a cluster of one's own is of no cloud
        case
            when audit.methodName is not null then 'GCP'
            when entry.resourceId is not null then 'Azure'
            when eks_account is not null or caller_arn is not null or caller.uid like 'aws-iam-authenticator:%' then 'AWS'
        end as provider
    from named

),

classified as (

    select
        kinded.*,
        case when kinded.verb is null then 0 else coalesce(exact.class_uid, alike.class_uid, 6003) end as to_class,
        case when kinded.verb is null then 99 else coalesce(exact.activity_id, alike.activity_id, 99) end as to_activity,
        case
            when kinded.verb is null then 0
            when kinded.http_code >= 400 or kinded.event.stage = 'Panic' or kinded.decision = 'forbid' or kinded.rpc_code <> 0 then 2
            when kinded.http_code >= 100 or kinded.audit.methodName is not null then 1
            -- a request that was received, or whose answer has not begun
            else 0
        end as result,
        case
            when kinded.actor is null then null
            when kinded.actor like 'system:serviceaccount:%' or kinded.actor like '%gserviceaccount.com' then 'ServiceAccount'
            when kinded.actor like 'system:node:%' then 'Node'
            when kinded.actor = 'system:anonymous' then 'Anonymous'
            when kinded.actor like 'system:%' then 'System'
            else 'User'
        end as actor_type
    from kinded
    left join kinds as exact
        on kinded.verb = exact.verb and kinded.kind_of_object = exact.resource
    left join kinds as alike
        on kinded.verb = alike.verb and alike.resource = '*'

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            'k8s_audit', 'Kubernetes', 'Kubernetes', uid='coalesce(event.auditID, entry.insertId)',
            code='coalesce(event.stage, audit.methodName, verb)', text='event_text', cloud='provider is not null',
        ) }},
        {{ timestamp_of_text('event.requestReceivedTimestamp') }} as start_time_dt,
        case when event.stage in ('ResponseComplete', 'Panic') then {{ timestamp_of_text('event.stageTimestamp') }} end as end_time_dt,
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'verb') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        coalesce(cast(http_code as varchar), audit.status.code) as status_code,
        coalesce(nullif(answer.message, ''), nullif(audit.status.message, '')) as status_detail,
        cast(
            case
                when decision = 'forbid' or http_code in (401, 403) or rpc_code in (7, 16) then 2
                when decision = 'allow' then 1
            end as integer
        ) as action_id,
        -- actor: who the call was made as; behind an impersonated user stands who impersonates, behind AWS's session its role
        actor as actor_user_name,
        -- EKS tells the session that it gave the name to: the same as in CloudTrail
        coalesce(impersonated_name, caller_arn, caller_name) as actor_user_uid,
        case when impersonated_name is null then nullif(caller.uid, '') else nullif(impersonated.uid, '') end as actor_user_uid_alt,
        actor_type as actor_user_type,
        cast(
            case when actor_type = 'User' then 1 when actor_type = 'System' then 3 when actor_type is not null then 99 end as integer
        ) as actor_user_type_id,
        case when actor like '%@%' and actor not like 'system:%' and actor not like 'arn:%' then actor end as actor_user_email_addr,
        coalesce(
            nullif(regexp_extract(actor, '@([^.@]+)[.]iam[.]gserviceaccount[.]com$', 1), ''),
            case when impersonated_name is null then nullif(regexp_extract(caller_arn, '^arn:[^:]*:[^:]*:[^:]*:([0-9]+):', 1), '') end
        ) as actor_user_account_uid,
        coalesce(
            {{ json_text('caller.extra', 'accessKeyId', 0) }},
            {{ json_text('caller.extra', 'authentication.kubernetes.io/credential-id', 0) }}
        ) as actor_user_credential_uid,
        case when impersonated_name is not null then caller_name else caller_role end as actor_session_issuer,
        case when actor is null then 'kube-apiserver' end as actor_app_name,
        -- network
        case when is_first_ip then first_ip when is_last_ip then last_ip end as src_endpoint_ip,
        case when not coalesce(is_first_ip or is_last_ip, false) then coalesce(first_ip, 'kube-apiserver') end as src_endpoint_svc_name,
        coalesce(cluster, 'kube-apiserver') as dst_endpoint_svc_name,
        -- api and cloud
        verb as api_operation,
        coalesce(api_group, 'kube-apiserver') as api_service_name,
        api_version,
        coalesce(event.auditID, {{ json_text('entry.operation', 'id') }}) as api_request_uid,
        coalesce(cast(event.requestObject as varchar), cast(audit.request as varchar)) as api_request_data,
        coalesce(http_code, rpc_code) as api_response_code,
        coalesce(nullif(answer.reason, ''), {{ rpc_code_name('rpc_code') }}) as api_response_error,
        case when result = 2 then coalesce(nullif(answer.message, ''), nullif(audit.status.message, '')) end as api_response_message,
        coalesce(cast(event.responseObject as varchar), cast(audit.response as varchar)) as api_response_data,
        provider as cloud_provider,
        coalesce(
            nullif(label.project_id, ''),
            nullif(regexp_extract(entry.logName, '^projects/([^/]+)', 1), ''),
            nullif(lower(regexp_extract(entry.resourceId, '^/(?i:subscriptions)/([^/]+)', 1)), ''),
            eks_account
        ) as cloud_account_uid,
        coalesce(nullif(label.location, ''), nullif(entry.location, '')) as cloud_region,
        coalesce(nullif(event.userAgent, ''), nullif(audit.requestMetadata.callerSuppliedUserAgent, '')) as http_user_agent,
        object_uid as resource_uid,
        name as resource_name,
        case when kind_of_object = 'secrets' then 'secret' else kind_of_object end as resource_type,
        case
            when object_uid is not null and cluster_uid is not null
                then {{ list_of([
                    struct_of({'uid': 'object_uid', 'name': 'name', 'type': 'kind_of_object', 'account_uid': no_text}),
                    struct_of({'uid': 'cluster_uid', 'name': 'cluster', 'type': "'cluster'", 'account_uid': no_text}),
                ]) }}
            when object_uid is not null
                then {{ list_of([
                    struct_of({'uid': 'object_uid', 'name': 'name', 'type': 'kind_of_object', 'account_uid': no_text}),
                ]) }}
        end as resources,
        {{ json_of({
            'level': 'event.level', 'requestURI': 'event.requestURI', 'groups': 'caller.groups', 'extra': 'caller.extra',
            'impersonatedGroups': 'impersonated.groups', 'impersonatedExtra': 'impersonated.extra',
            'authenticationMetadata': 'event.authenticationMetadata', 'sourceIPs': 'event.sourceIPs',
            'objectUid': 'object.uid', 'resourceVersion': 'object.resourceVersion', 'annotations': 'event.annotations',
            'responseDetails': 'answer.details', 'receiveTimestamp': 'entry.receiveTimestamp', 'labels': 'entry.labels',
            'operation': 'entry.operation', 'authoritySelector': 'audit.authenticationInfo.authoritySelector',
            'authorizationInfo': 'audit.authorizationInfo', 'metadata': 'audit.metadata', 'category': 'entry.category',
            'ccpNamespace': 'entry.ccpNamespace', 'pod': 'entry.properties.pod', 'containerID': 'entry.properties.containerID',
        }) }} as unmapped
    from classified

)

select * from final
