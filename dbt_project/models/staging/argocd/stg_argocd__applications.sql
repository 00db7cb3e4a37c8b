{{ routes_to(['api_activity', 'base_event']) }}

{# https://github.com/argoproj/argo-cd/blob/master/pkg/apis/application/v1alpha1/types.go; what stands around is the attribute `fields`. #}
{% set source_fields = {'repoURL': 'string', 'targetRevision': 'string', 'chart': 'string', 'path': 'string', 'component': 'string'} %}
{% set started_by = {'username': 'string', 'automated': 'string'} %}
{% set said_fields = {
    'id': 'string', 'revision': 'string', 'revisions': ['string'], 'deployedAt': 'string', 'deployStartedAt': 'string',
    'source': source_fields, 'sources': [source_fields], 'initiatedBy': started_by,
    'phase': 'string', 'message': 'string', 'startedAt': 'string', 'finishedAt': 'string', 'retryCount': 'string',
    'operation': {'initiatedBy': started_by, 'sync': {'revision': 'string', 'dryRun': 'string'}},
    'syncResult': {'revision': 'string', 'revisions': ['string'], 'source': source_fields, 'sources': [source_fields]},
    'metadata': {'uid': 'string'}, 'uid': 'string', 'creationTimestamp': 'string',
    'involvedObject': {'kind': 'string', 'name': 'string', 'namespace': 'string', 'uid': 'string'},
    'reason': 'string', 'type': 'string', 'msg': 'string', 'level': 'string', 'user': 'string', 'application': 'string', 'project': 'string',
} %}
{% set around_fields = {
    'found_in': 'string',
    'app': {
        'metadata': {'name': 'string', 'namespace': 'string', 'uid': 'string'},
        'spec': {
            'project': 'string', 'source': source_fields, 'sources': [source_fields],
            'destination': {'server': 'string', 'name': 'string', 'namespace': 'string'},
        },
    },
    'status': {'sync': {'revision': 'string'}, 'health': {'status': 'string'}, 'summary': {'images': ['string']}},
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'argocd')) }}

),

kinds as (

    select * from {{ ref('argocd') }}

),

parsed as (

    select
        records.*,
        {{ around_finding(around_fields) }} as around,
        {{ parse_json('raw', said_fields) }} as said,
        {{ json_text('raw', 'grpc.service') }} as service,
        {{ json_text('raw', 'grpc.method') }} as method,
        {{ json_text('raw', 'grpc.code') }} as code,
        {{ json_text('raw', 'grpc.request.claims') }} as claims,
        {{ json_text('raw', 'metadata', 'annotations', 'user') }} as annotated_user,
        coalesce(
            {{ json_text('raw', 'grpc.request.content', 'name') }},
            {{ json_text('raw', 'grpc.request.content', 'application', 'metadata', 'name') }}
        ) as asked_for,
        -- behind the server's own gateway it is that of the loop
        nullif({{ bare_ip(json_text('raw', 'peer.address')) }}, '127.0.0.1') as peer,
        coalesce({{ json_text('raw', 'dest-server') }}, {{ json_text('raw', 'metadata', 'annotations', 'dest-server') }}) as dest_server,
        coalesce({{ json_text('raw', 'dest-namespace') }}, {{ json_text('raw', 'metadata', 'annotations', 'dest-namespace') }})
            as dest_namespace
    from records

),

opened as (

    select
        parsed.*,
        around.found_in in ('history', 'operationState') as is_sync,
        coalesce(said.message, said.msg) as words,
        -- of several sources the first one that is a repository; where there are several, `source` stands there empty
        coalesce(
            case when said.syncResult.source.repoURL <> '' then said.syncResult.source end,
            {{ list_item(list_where('said.syncResult.sources', 'item.chart is null'), 1) }},
            case when said.source.repoURL <> '' then said.source end,
            {{ list_item(list_where('said.sources', 'item.chart is null'), 1) }},
            case when around.app.spec.source.repoURL <> '' then around.app.spec.source end,
            {{ list_item(list_where('around.app.spec.sources', 'item.chart is null'), 1) }}
        ) as origin,
        coalesce(
            nullif(said.syncResult.revision, ''), {{ list_item(list_where('said.syncResult.revisions', 'length(item) = 40'), 1) }},
            nullif(said.revision, ''), {{ list_item(list_where('said.revisions', 'length(item) = 40'), 1) }}, said.operation.sync.revision
        ) as revision,
        coalesce(said.deployStartedAt, said.startedAt) as began,
        coalesce(said.deployedAt, said.finishedAt) as ended,
        coalesce(said.initiatedBy.automated, said.operation.initiatedBy.automated) = 'true' as is_automated,
        coalesce(around.app.spec.destination.server, dest_server) as server,
        coalesce(around.app.spec.destination.namespace, dest_namespace) as namespace,
        case
            when around.app.metadata.name is not null
                then concat_ws('/', around.app.metadata.namespace, around.app.metadata.name)
            when said.involvedObject.name is not null
                then concat_ws('/', said.involvedObject.namespace, said.involvedObject.name)
            else coalesce(said.application, asked_for)
        end as app_name,
        coalesce(around.app.metadata.uid, said.involvedObject.uid) as app_uid,
        case
            when around.found_in = 'metadata' then 'application.created'
            when said.operation.sync.dryRun = 'true' then 'sync.dry_run'
            when around.found_in = 'history' or said.phase = 'Succeeded' then 'sync.succeeded'
            when said.phase in ('Failed', 'Error') then 'sync.failed'
            when said.phase in ('Running', 'Terminating') then 'sync.running'
            when around.found_in = 'operationState' then 'sync.' || coalesce(said.phase, 'unknown')
            when service is not null then concat_ws('/', service, method)
            when said.reason is not null then said.reason
        end as done,
        -- images of what runs now, which the newest sync left, if it ended well: one that is named by its digest
        {{ list_item(list_where('around.status.summary.images', "item like '%@sha256:%'"), 1) }} as image
    from parsed

),

matched as (

    select
        opened.*,
        kinds.class_uid as kind_class,
        kinds.activity_id as kind_activity,
        -- https://argo-cd.readthedocs.io/en/stable/operator-manual/user-management/: of a local account `name:login`
        regexp_replace({{ json_text('claims', 'sub') }}, ':(login|apiKey)$', '') as subject
    from opened
    left join kinds on opened.done = kinds.kind

),

classified as (

    select
        matched.*,
        coalesce(kind_class, case when service is not null or is_sync then 6003 else 0 end) as to_class,
        coalesce(kind_activity, case when service is not null then {{ api_activity_of('method') }} end, 99) as to_activity,
        case
            when code = 'OK' then 1
            when code is not null then 2
            when done in ('sync.succeeded', 'application.created') then 1
            when done = 'sync.failed' then 2
            when done = 'sync.dry_run' then case said.phase when 'Succeeded' then 1 when 'Failed' then 2 when 'Error' then 2 else 0 end
            when said.reason is not null and (said.type = 'Warning' or words like '%failed%') then 2
            when said.reason is not null and said.type = 'Normal' and done <> 'OperationStarted' then 1
            else 0
        end as result,
        nullif(
            coalesce(
                said.initiatedBy.username, said.operation.initiatedBy.username, {{ json_text('claims', 'email') }},
                {{ json_text('claims', 'preferred_username') }}, subject, said.user, annotated_user
            ), ''
        ) as actor_login,
        {{ json_text('claims', 'sub') }} as actor_uid,
        case
            when subject like 'proj:%' then 'Service'
            when coalesce(
                said.initiatedBy.username, said.operation.initiatedBy.username, subject, nullif(said.user, ''), annotated_user
            ) is not null then 'User'
        end as actor_kind,
        cast(null as varchar) as account,
        case when app_name is not null then 'application' end as kind_of_resource,
        coalesce(app_uid, app_name) as kind_uid,
        app_name as kind_name,
        case when is_sync and done <> 'sync.dry_run' then concat_ws('/', coalesce(app_uid, app_name), coalesce(began, said.id)) end
            as deployment_uid,
        nullif(regexp_extract(coalesce(revision, words), '(^|[^0-9a-f])([0-9a-f]{40})([^0-9a-f]|$)', 2), '') as commit_uid
    from matched

),

final as (

    select
        {{ sdlc_activity(
            'argocd', 'Argo CD', 'Argo CD', uid='coalesce(deployment_uid, said.uid, said.metadata.uid)',
            code='coalesce(done, said.level)', address='peer',
            text="case when around.found_in = 'metadata' then concat_ws('/', said.uid, said.creationTimestamp) else raw end",
        ) }},
        words as message,
        {{ timestamp_of_text('began') }} as start_time_dt,
        {{ timestamp_of_text('ended') }} as end_time_dt,
        coalesce(code, said.phase, said.type) as status_code,
        case when result = 2 then coalesce({{ json_text('raw', 'error') }}, {{ json_text('raw', 'grpc.error') }}, words) end
            as status_detail,
        {{ json_text('raw', 'grpc.request.content') }} as api_request_data,
        {{ json_without('raw', [
            'id', 'revision', 'deployedAt', 'deployStartedAt', 'initiatedBy', 'phase', 'message', 'startedAt', 'finishedAt', 'reason', 'type',
            'msg', 'level', 'time', 'involvedObject', 'grpc.service', 'grpc.method', 'grpc.code', 'grpc.request.content', 'managedFields',
        ]) }} as unmapped,
        -- class extras: the sdlc profile
        case
            when is_sync and done <> 'sync.dry_run' then 'service.deployed'
            when done in ('OperationStarted', 'OperationCompleted') then 'service.deployed'
        end as sdlc_event_type,
        {{ vcs_provider_of('origin.repoURL') }} as vcs_provider,
        {{ vcs_repository_of('origin.repoURL') }} as vcs_repository_name,
        case
            when commit_uid is not null and origin.targetRevision not in ('', 'HEAD') and origin.targetRevision <> commit_uid
                then regexp_replace(origin.targetRevision, '^refs/(heads|tags)/', '')
        end as vcs_ref_name,
        commit_uid as vcs_ref_revision,
        case when is_sync or done in ('OperationStarted', 'OperationCompleted') then 'argocd' end as cicd_provider,
        app_name as cicd_pipeline_name,
        case when is_sync then case when is_automated then 'automated' when actor_login is not null then 'manual' end end as cicd_trigger,
        nullif(
            concat_ws(
                '/', around.app.spec.destination.name,
                case
                    when around.app.spec.destination.name is not null then null
                    when server = 'https://kubernetes.default.svc' then 'in-cluster'
                    else server
                end,
                namespace
            ), ''
        ) as cicd_environment_name,
        deployment_uid as cicd_deployment_uid,
        case
            when done = 'sync.succeeded' or done = 'OperationCompleted' and result = 1 then 'success'
            when done = 'sync.failed' or done = 'OperationCompleted' and result = 2 then 'failure'
            when done in ('sync.running', 'OperationStarted') then 'in_progress'
        end as cicd_deployment_state,
        case when done = 'sync.succeeded' then nullif(regexp_extract(image, '^(.+?)(:[^:/@]+)?@', 1), '') end as artifact_name,
        case when done = 'sync.succeeded' then nullif(regexp_extract(image, '@(sha256:[0-9a-f]{64})$', 1), '') end as artifact_digest
    from classified

)

select * from final
