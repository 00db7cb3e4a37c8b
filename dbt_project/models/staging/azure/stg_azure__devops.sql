{{ routes_to(['api_activity', 'base_event']) }}

{# https://learn.microsoft.com/azure/devops/service-hooks/events and https://learn.microsoft.com/rest/api/azure/devops/ #}
{% set person = {'id': 'string', 'displayName': 'string', 'uniqueName': 'string'} %}
{% set repository = {
    'id': 'string', 'name': 'string', 'remoteUrl': 'string', 'url': 'string',
    'project': {'id': 'string', 'name': 'string', 'visibility': 'string'},
} %}
{% set build = {
    'id': 'string', 'buildNumber': 'string', 'status': 'string', 'result': 'string', 'queueTime': 'string', 'startTime': 'string',
    'finishTime': 'string', 'url': 'string', 'definition': {'name': 'string', 'path': 'string'}, 'project': {'id': 'string', 'name': 'string', 'url': 'string'},
    'sourceBranch': 'string', 'sourceVersion': 'string', 'reason': 'string', 'requestedFor': person, 'repository': dict(repository, type='string'),
    'queue': {'pool': {'isHosted': 'string'}},
} %}
{% set change = {
    'pullRequestId': 'string', 'title': 'string', 'createdBy': person, 'closedBy': person, 'sourceRefName': 'string', 'targetRefName': 'string',
    'isDraft': 'string', 'lastMergeSourceCommit': {'commitId': 'string'}, 'lastMergeTargetCommit': {'commitId': 'string'},
    'lastMergeCommit': {'commitId': 'string'}, 'reviewers': [{'uniqueName': 'string', 'vote': 'string', 'isContainer': 'string'}],
} %}
{# https://learn.microsoft.com/rest/api/azure/devops/git/pull-request-reviewers: 5 is approved with suggestions, -5 waits for the author #}
{% set review_state -%}
    case item.vote
        when '10' then 'approved'
        when '5' then 'approved'
        when '0' then 'pending'
        when '-5' then 'changes_requested'
        when '-10' then 'rejected'
        else 'submitted'
    end
{%- endset %}
{% set named = {'id': 'string', 'name': 'string'} %}
{% set artifacts = [{'type': 'string', 'isPrimary': 'string', 'definitionReference': {
    'definition': named, 'project': named, 'repository': named, 'version': named, 'branch': named, 'sourceVersion': named,
}}] %}
{% set build_or_change = dict(build, **change) %}
{% set event_fields = dict(
    build_or_change, eventType='string', createdDate='string', message={'text': 'string'},
    resource=dict(
        build_or_change, pushedBy=person, pushId='string', commits=[{
            'commitId': 'string', 'comment': 'string', 'author': {'name': 'string', 'email': 'string'},
        }],
        refUpdates=[{'name': 'string', 'oldObjectId': 'string', 'newObjectId': 'string'}],
        deployment={
            'id': 'string', 'deploymentStatus': 'string', 'requestedBy': person, 'release': {'url': 'string', 'artifacts': artifacts},
        },
        environment={'name': 'string', 'status': 'string', 'release': {'artifacts': artifacts}},
    ),
    actionId='string', actorUserId='string', actorUPN='string', actorDisplayName='string', ipAddress='string', correlationId='string',
    scopeDisplayName='string', details='string', area='string', category='string', categoryDisplayName='string', userAgent='string',
    projectName='string', data={'RepositoryName': 'string', 'RepoId': 'string', 'ProjectName': 'string'},
    type='string', name='string', state='string', attempt='string', parentId='string', workerName='string', identifier='string', log={'url': 'string'},
) %}
{% set address -%}
    coalesce(
        event.resource.url, event.url, event.resource.repository.url, event.resource.deployment.release.url, event.resource.project.url,
        event.log.url
    )
{%- endset %}
{% set releases = 'coalesce(event.resource.deployment.release.artifacts, event.resource.environment.release.artifacts)' %}

with

records as (

    select * from {{ new_rows(source('bronze', 'azure_devops')) }}

),

kinds as (

    select * from {{ ref('azure_devops') }}

),

unfolded as (

    select
        records.*,
        case when {{ json_text('raw', 'headers') }} is not null then coalesce({{ json_text('raw', 'body') }}, raw) else raw end as body
    from records

),

parsed as (

    select
        unfolded.*,
        {{ parse_json('body', event_fields) }} as event
    from unfolded

),

shipped as (

    select
        parsed.*,
        coalesce(
            {{ list_item(list_where(releases, "item.isPrimary = 'true'"), 1) }}, {{ list_item(releases, 1) }}
        ) as artifact
    from parsed

),

-- what a release's artifact is of: a repository itself, or a build's
traced as (

    select
        shipped.*,
        case
            when artifact.type in ('Git', 'GitHub') then nullif(artifact.definitionReference.definition.name, '')
            when artifact.type = 'Build' then nullif(artifact.definitionReference.repository.name, '')
        end as artifact_repo,
        case
            when artifact.type in ('Git', 'GitHub') then nullif(artifact.definitionReference.definition.id, '')
            when artifact.type = 'Build' then nullif(artifact.definitionReference.repository.id, '')
        end as artifact_repo_uid,
        case
            when artifact.type in ('Git', 'GitHub') then artifact.definitionReference.version.id
            when artifact.type = 'Build' then artifact.definitionReference.sourceVersion.id
        end as artifact_revision
    from shipped

),

named as (

    select
        traced.*,
        case
            when event.eventType is not null then event.eventType
            when event.actionId is not null then event.actionId
            when event.pullRequestId is not null then 'pullrequest.observed'
            when event.buildNumber is not null then 'build.observed'
            when event.type is not null and event.state is not null then lower(event.type) || '.observed'
        end as done,
        event.eventType is not null as is_hook,
        {{ list_item('event.resource.refUpdates', 1) }} as moved,
        coalesce(event.resource.pullRequestId, event.pullRequestId) as change_uid,
        coalesce(event.resource.repository.name, event.repository.name, event.data.RepositoryName, artifact_repo) as repo,
        coalesce(event.resource.repository.id, event.repository.id, event.data.RepoId, artifact_repo_uid) as repo_uid,
        coalesce(
            event.resource.repository.project.name, event.repository.project.name, event.resource.project.name, event.project.name,
            event.data.ProjectName, event.projectName
        ) as project,
        -- https://dev.azure.com/ORGANISATION/..., or https://ORGANISATION.visualstudio.com/...
        coalesce(
            nullif(regexp_extract({{ address }}, '^https://(?:vsrm[.])?dev[.]azure[.]com/([^/]+)/', 1), ''),
            nullif(regexp_extract({{ address }}, '^https://([^./]+)(?:[.]vsrm)?[.]visualstudio[.]com/', 1), '')
        ) as account,
        case
            when event.eventType is null and event.buildNumber is not null or event.eventType = 'build.complete'
                then coalesce(event.resource.id, event.id)
        end as build_uid,
        -- of a record of a timeline: the build whose log it writes
        case
            when event.type is not null and event.state is not null and event.buildNumber is null
                then nullif(regexp_extract(event.log.url, '/builds/([0-9]+)/logs/', 1), '')
        end as log_build_uid,
        case when artifact.type = 'Build' then nullif(artifact.definitionReference.version.id, '') end as artifact_build_uid,
        coalesce(artifact.definitionReference.project.name, event.resource.project.name) as artifact_project
    from traced

),

matched as (

    select
        named.*,
        {{ list_item(list_where('event.resource.commits', 'item.commitId = moved.newObjectId'), 1) }} as pushed,
        coalesce(named.done, '') in ('git.pullrequest.updated', 'git.pullrequest.merged') as is_anyones,
        kinds.class_uid as kind_class,
        kinds.activity_id as kind_activity
    from named
    left join kinds on named.done = kinds.kind

),

classified as (

    select
        matched.*,
        -- a build's number is its own in the whole organisation; its records do not name the project
        case
            when coalesce(build_uid, log_build_uid, artifact_build_uid) is not null
                then concat_ws('/', account, coalesce(build_uid, log_build_uid, artifact_build_uid))
        end as run_uid,
        case when event.resource.deployment.id is not null then concat_ws('/', account, project, event.resource.deployment.id) end
            as deployment_uid,
        coalesce(kind_class, case when done is not null then 6003 else 0 end) as to_class,
        coalesce(
            kind_activity,
            case
                when event.category = 'create' then 1
                when event.category = 'access' then 2
                when event.category in ('modify', 'execute') then 3
                when event.category = 'remove' then 4
                when done like '%.observed' then 2
                else 99
            end
        ) as to_activity,
        case
            when coalesce(event.resource.result, event.result) in ('failed', 'canceled', 'abandoned') then 2
            when coalesce(event.resource.deployment.deploymentStatus, event.resource.environment.status) in ('failed', 'rejected') then 2
            when done like 'ms.vss-release.%' and done not like '%completed%' then 0
            when done in ('build.observed', 'job.observed') and coalesce(event.result, '') = '' then 0
            when done is null then 0
            else 1
        end as result,
        -- who changed a pull request is not said, nor who ended it, but by closedBy
        coalesce(
            event.actorUPN, event.resource.pushedBy.uniqueName, event.resource.closedBy.uniqueName,
            case when not is_anyones then event.resource.createdBy.uniqueName end,
            event.resource.requestedFor.uniqueName, event.createdBy.uniqueName, event.requestedFor.uniqueName,
            event.resource.deployment.requestedBy.uniqueName
        ) as actor_login,
        coalesce(
            event.actorUserId, event.resource.pushedBy.id, event.resource.closedBy.id,
            case when not is_anyones then event.resource.createdBy.id end,
            event.resource.requestedFor.id, event.createdBy.id, event.requestedFor.id, event.resource.deployment.requestedBy.id
        ) as actor_uid,
        case
            when coalesce(
                event.actorUPN,
                event.resource.pushedBy.uniqueName,
                event.resource.closedBy.uniqueName,
                case when not is_anyones then event.resource.createdBy.uniqueName end,
                event.resource.requestedFor.uniqueName,
                event.createdBy.uniqueName, event.requestedFor.uniqueName, event.resource.deployment.requestedBy.uniqueName
            ) is not null then 'User'
        end as actor_kind,
        case
            when artifact.type = 'GitHub' then artifact_repo
            else concat_ws('/', case when artifact_repo is not null then artifact_project else project end, repo)
        end as repo_name,
        case
            when change_uid is not null then 'pull request'
            when build_uid is not null then 'pipeline run'
            when log_build_uid is not null and done = 'job.observed' then 'job'
            when event.resource.deployment.id is not null then 'deployment'
            when repo is not null then 'repository'
            when project is not null then 'project'
        end as kind_of_resource,
        case
            when change_uid is not null then concat_ws('!', concat_ws('/', project, repo), change_uid)
            when build_uid is not null then concat_ws('/', account, build_uid)
            when log_build_uid is not null and done = 'job.observed' then event.id
            when event.resource.deployment.id is not null then concat_ws('/', account, project, event.resource.deployment.id)
            when repo is not null then repo_uid
        end as kind_uid,
        coalesce(
            event.resource.environment.name, case when log_build_uid is not null then event.name end,
            nullif(concat_ws('/', project, repo), ''), event.scopeDisplayName
        ) as kind_name
    from matched

),

final as (

    select
        {{ sdlc_activity(
            'azure_devops', 'Azure DevOps', 'Microsoft', uid='event.id', code='done', text='body', address='event.ipAddress',
        ) }},
        coalesce(event.details, case when done = 'git.push' then pushed.comment end) as message,
        event.correlationId as api_request_uid,
        event.userAgent as http_user_agent,
        {{ timestamp_of_text('coalesce(event.resource.startTime, event.startTime)') }} as start_time_dt,
        {{ timestamp_of_text('coalesce(event.resource.finishTime, event.finishTime)') }} as end_time_dt,
        coalesce(event.resource.result, event.result, event.resource.status, event.status, event.state) as status_code,
        {{ json_without(
            'body', ['id', 'eventType', 'resource', 'message', 'detailedMessage', 'createdDate', 'url', '_links', 'repository'],
        ) }}
            as unmapped,
        -- class extras: the sdlc profile
        case
            when done = 'git.push' and replace(moved.newObjectId, '0', '') = '' then 'branch.deleted'
            when done = 'git.push' then 'commit.pushed'
            when done = 'git.pullrequest.created' then 'change.created'
            when done in ('git.pullrequest.merged', 'git.pullrequest.updated')
                then
                    case event.resource.status
                        when 'completed' then 'change.merged' when 'abandoned' then 'change.abandoned' else 'change.updated'
                    end
            when done = 'pullrequest.observed' then 'change.observed'
            when done in ('build.complete', 'build.observed')
                then
                    case
                        when coalesce(event.resource.result, event.result) is not null then 'pipelinerun.finished' else
                            'pipelinerun.started'
                    end
            when done = 'job.observed' and run_uid is not null
                then
                    case
                        when event.result is not null or event.state = 'completed' then 'taskrun.finished'
                        when event.state = 'pending' then 'taskrun.queued'
                        else 'taskrun.started'
                    end
            when done like 'ms.vss-release.deployment%' then 'service.deployed'
        end as sdlc_event_type,
        case
            when coalesce(event.resource.repository.type, event.repository.type) = 'GitHub' or artifact.type = 'GitHub' then 'github'
            when repo is not null or build_uid is not null then 'azure_repos'
        end as vcs_provider,
        case
            when event.resource.repository.type = 'GitHub' then event.resource.repository.id
            when event.repository.type = 'GitHub' then event.repository.id
            when repo is not null then repo_name
        end as vcs_repository_name,
        repo_uid as vcs_repository_uid,
        regexp_replace(
            coalesce(event.resource.sourceRefName, event.sourceRefName, moved.name, event.resource.sourceBranch, event.sourceBranch),
            '^refs/(heads|tags)/', ''
        ) as vcs_ref_name,
        case
            when coalesce(moved.name, event.resource.sourceBranch, event.sourceBranch) like 'refs/tags/%' then 'tag'
            when
                coalesce(
                    event.resource.sourceRefName, event.sourceRefName, moved.name, event.resource.sourceBranch, event.sourceBranch
                ) is not null
                then 'branch'
        end as vcs_ref_type,
        case
            when done = 'git.push' and replace(moved.newObjectId, '0', '') = '' then moved.oldObjectId
            else coalesce(
                moved.newObjectId, event.resource.lastMergeSourceCommit.commitId, event.lastMergeSourceCommit.commitId,
                event.resource.sourceVersion, event.sourceVersion, artifact_revision
            )
        end as vcs_ref_revision,
        coalesce(moved.oldObjectId, event.resource.lastMergeTargetCommit.commitId, event.lastMergeTargetCommit.commitId)
            as vcs_base_revision,
        regexp_replace(coalesce(event.resource.targetRefName, event.targetRefName), '^refs/heads/', '') as vcs_base_name,
        change_uid as vcs_change_uid,
        coalesce(event.resource.title, event.title) as vcs_change_title,
        coalesce(event.resource.createdBy.uniqueName, event.createdBy.uniqueName) as vcs_change_author,
        case
            when change_uid is null then null
            when coalesce(event.resource.status, event.status) = 'completed' then 'merged'
            when coalesce(event.resource.status, event.status) = 'abandoned' then 'closed'
            when coalesce(event.resource.isDraft, event.isDraft) = 'true' then 'draft'
            else 'open'
        end as vcs_change_state,
        case
            when change_uid is not null and coalesce(event.resource.status, event.status) = 'completed'
                then coalesce(event.resource.lastMergeCommit.commitId, event.lastMergeCommit.commitId)
        end as vcs_merge_revision,
        case
            when change_uid is not null
                then {{ list_map(
                    list_where(
                        'coalesce(event.resource.reviewers, event.reviewers)',
                        "item.uniqueName is not null and coalesce(item.isContainer, '') <> 'true'"
                    ),
                    struct_of({'reviewer': 'item.uniqueName', 'state': review_state}),
                ) }}
        end as vcs_reviews,
        case when done = 'git.push' then pushed.author.name end as vcs_commit_author,
        case when done = 'git.push' then pushed.author.email end as vcs_commit_author_email_addr,
        case when coalesce(run_uid, deployment_uid) is not null then 'azure_pipelines' end as cicd_provider,
        coalesce(event.resource.definition.name, event.definition.name) as cicd_pipeline_name,
        run_uid as cicd_run_uid,
        case
            when build_uid is not null or done = 'job.observed' and run_uid is not null then coalesce(event.resource.result, event.result)
        end as cicd_run_result,
        coalesce(event.resource.reason, event.reason) as cicd_trigger,
        case coalesce(event.resource.queue.pool.isHosted, event.queue.pool.isHosted)
            when 'true' then 'hosted' when 'false' then 'self-hosted'
        end
            as cicd_runner_type,
        case when done = 'job.observed' and run_uid is not null then event.id end as cicd_task_uid,
        case when done = 'job.observed' and run_uid is not null then event.name end as cicd_task_name,
        event.resource.environment.name as cicd_environment_name,
        deployment_uid as cicd_deployment_uid,
        coalesce(
            event.resource.deployment.deploymentStatus,
            case when event.resource.deployment.id is not null then event.resource.environment.status end
        )
            as cicd_deployment_state
    from classified

)

select * from final
