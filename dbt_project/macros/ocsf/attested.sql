{#
    What signed evidence says (transforms.sources.attestation), as the CTEs `attested` and, with kinds of the seed `kinds`,
    `classified` over the CTE `records`: the statement, the kind, the verdict, who signed, and where the build says it ran.
    https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md  https://slsa.dev/spec/v1.0/provenance
    `contradiction`: an expression that says why a signature that holds still vouches for nothing, or NULL.
#}
{% macro attested_ctes(contradiction='cast(null as varchar)') -%}
{%- set envelope = {'payload': 'string', 'payloadType': 'string'} -%}
{%- set bundle = {'mediaType': 'string', 'dsseEnvelope': envelope} -%}
{%- set document = dict(
    bundle, payload='string', payloadType='string', _type='string',
    messageSignature={'messageDigest': {'algorithm': 'string', 'digest': 'string'}},
    attestations=[{'predicateType': 'string', 'bundle': bundle}],
) -%}
{%- set digest = {'sha256': 'string', 'sha512': 'string', 'sha1': 'string', 'gitCommit': 'string'} -%}
{%- set invocation = {'buildInvocationID': 'string', 'buildInvocationId': 'string', 'invocationId': 'string'} -%}
{%- set statement = {
    '_type': 'string', 'predicateType': 'string', 'subject': [{'name': 'string', 'digest': digest}],
    'predicate': {
        'builder': {'id': 'string'}, 'buildType': 'string', 'metadata': invocation,
        'invocation': {
            'configSource': {'uri': 'string', 'digest': digest, 'entryPoint': 'string'},
            'environment': {
                'github_run_id': 'string', 'github_run_attempt': 'string', 'github_ref': 'string', 'github_event_name': 'string',
                'GITHUB_RUN_ID': 'string', 'GITHUB_RUN_ATTEMPT': 'string', 'GITHUB_REF': 'string', 'GITHUB_EVENT_NAME': 'string',
            },
        },
        'buildDefinition': {
            'buildType': 'string',
            'externalParameters': {'workflow': {'ref': 'string', 'repository': 'string', 'path': 'string'}},
            'internalParameters': {
                'GITHUB_RUN_ID': 'string', 'GITHUB_RUN_ATTEMPT': 'string', 'GITHUB_REF': 'string', 'GITHUB_EVENT_NAME': 'string',
            },
            'resolvedDependencies': [{'uri': 'string', 'digest': digest}],
        },
        'runDetails': {'builder': {'id': 'string'}, 'metadata': invocation},
    },
} -%}
parsed as (

    select
        records.*,
        {{ parse_json('raw', document) }} as doc,
        {{ parse_json(json_text('attributes', 'verification'), {
            'state': 'string', 'reason': 'string', 'identity': 'string', 'issuer': 'string', 'repository': 'string',
            'ref': 'string', 'commit': 'string', 'workflow': 'string', 'trigger': 'string', 'run': 'string', 'log_index': 'string',
        }) }} as verdict
    from records

),

unfolded as (

    select
        parsed.*,
        coalesce(
            doc.payload,
            doc.dsseEnvelope.payload,
            -- of npm's attestations, the provenance
            {{ list_item(list_where('doc.attestations', "item.predicateType like 'https://slsa.dev/provenance/%'"), 1) }}.bundle.dsseEnvelope.payload,
            {{ list_item('doc.attestations', 1) }}.bundle.dsseEnvelope.payload
        ) as payload
    from parsed

),

opened as (

    select
        unfolded.*,
        {{ parse_json('case when payload is not null then ' ~ base64_text('payload') ~ ' when doc._type is not null then raw end', statement) }} as said
    from unfolded

),

told as (

    select
        opened.*,
        said.predicate.invocation.configSource as config,
        said.predicate.invocation.environment as env,
        said.predicate.buildDefinition.internalParameters as inside,
        said.predicate.buildDefinition.externalParameters.workflow as stated_workflow,
        {{ list_item('said.predicate.buildDefinition.resolvedDependencies', 1) }} as material,
        coalesce(said.predicate.runDetails.builder.id, said.predicate.builder.id) as builder,
        coalesce(said.predicate.runDetails.metadata.invocationId, said.predicate.metadata.buildInvocationId) as invocation,
        coalesce(said.predicateType, case when doc.messageSignature.messageDigest.algorithm is not null then 'message_signature' end) as kind,
        {{ list_map('said.subject', struct_of({
            'name': 'item.name',
            'digest': "coalesce('sha256:' || item.digest.sha256, 'sha512:' || item.digest.sha512, 'sha1:' || coalesce(item.digest.sha1, item.digest.gitCommit))",
        })) }} as subjects,
        'sha256:' || case
            when doc.messageSignature.messageDigest.algorithm = 'SHA2_256'
                then {{ base64_hex('doc.messageSignature.messageDigest.digest') }}
        end as signed_digest
    from opened

),

attested as (

    select
        told.*,
        {{ list_item('subjects', 1) }} as subject,
        verdict.identity as signer,
        -- owner/name, whoever says it: the certificate, else the statement
        nullif(regexp_replace(verdict.repository, '^https://github[.]com/', ''), '') as signer_repository,
        coalesce(
            nullif(regexp_extract(invocation, '^https://github[.]com/([^/]+/[^/]+)/actions/runs/', 1), ''),
            nullif(regexp_extract(stated_workflow.repository, '^https://github[.]com/([^/]+/[^/]+)$', 1), ''),
            nullif(regexp_extract(coalesce(config.uri, material.uri), '^(git[+])?https://github[.]com/([^/@]+/[^/@#]+)', 2), '')
        ) as stated_repository,
        coalesce(
            verdict.ref,
            stated_workflow.ref,
            inside.GITHUB_REF,
            env.github_ref,
            env.GITHUB_REF,
            nullif(regexp_extract(coalesce(config.uri, material.uri), '@(refs/[^#]+)', 1), '')
        ) as git_ref,
        coalesce(
            verdict.commit, config.digest.sha1, config.digest.gitCommit, material.digest.gitCommit, material.digest.sha1
        ) as git_commit,
        coalesce(
            nullif(regexp_extract(coalesce(verdict.run, invocation), '/actions/runs/([0-9]+)', 1), ''),
            inside.GITHUB_RUN_ID,
            env.github_run_id,
            env.GITHUB_RUN_ID
        ) as run_uid,
        coalesce(
            nullif(regexp_extract(coalesce(verdict.run, invocation), '/attempts/([0-9]+)', 1), ''),
            inside.GITHUB_RUN_ATTEMPT,
            env.github_run_attempt,
            env.GITHUB_RUN_ATTEMPT
        ) as run_attempt,
        coalesce(verdict.trigger, inside.GITHUB_EVENT_NAME, env.github_event_name, env.GITHUB_EVENT_NAME) as run_trigger
    from told

),

judged as (

    select
        attested.*,
        coalesce(signer_repository, stated_repository) as repository,
        case
            -- anyone with an account may sign a statement about a build: its certificate names no repository
            when verdict.state = 'verified' and signer_repository is null and stated_repository is not null
                then concat('it tells of a build in ', stated_repository, ', and was signed by ', signer)
            when verdict.state = 'verified' then {{ contradiction }}
        end as contradiction
    from attested

),

classified as (

    select
        judged.*,
        coalesce(kinds.class_uid, 0) as to_class,
        coalesce(kinds.activity_id, 99) as to_activity,
        case when verdict.state = 'verified' and contradiction is null then 1 when verdict.state = 'unproven' then 0 else 2 end as result
    from judged
    left join kinds on judged.kind = kinds.kind

)
{%- endmacro %}

{# The OCSF columns of the CTE `classified`: what a record claims stands in them whatever its verdict; that says whether it is proven. #}
{% macro attested_columns(source, product) -%}
        -- identity, lineage and time
        {{ ocsf_identity_columns(source, product, 'OpenSSF', uid='verdict.log_index', code='kind', profiles=['datetime', 'sdlc']) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'kind') }},
        cast(case result when 2 then 4 else 1 end as integer) as severity_id,
        case result when 2 then 'High' else 'Informational' end as severity,
        -- whether the signatures hold, and why not
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        case when contradiction is not null then 'contradicted' else verdict.state end as status_code,
        coalesce(contradiction, verdict.reason) as status_detail,
        -- who signed, as the certificate says
        signer as actor_user_name,
        case when signer like '%_@_%.%' and signer not like '%/%' then signer end as actor_user_email_addr,
        case when signer like 'https://%' then 'Workflow' when signer is not null then 'User' end as actor_user_type,
        cast(case when signer like 'https://%' then 99 when signer is not null then 1 end as integer) as actor_user_type_id,
        coalesce(builder, case when signer is null then 'unknown' end) as actor_app_name,
        verdict.issuer as actor_idp_name,
        -- network: where it was built, or else who let it be signed
        case
            when verdict.issuer = 'https://token.actions.githubusercontent.com' then 'GitHub Actions'
            else coalesce(nullif(regexp_extract(coalesce(builder, verdict.issuer), '^https?://([^/]+)', 1), ''), 'unknown')
        end as src_endpoint_svc_name,
        -- api
        case when to_class = 6003 then kind end as api_operation,
        'in-toto' as api_service_name,
        -- what is attested
        coalesce(subject.digest, signed_digest) as resource_uid,
        subject.name as resource_name,
        case when coalesce(subject.digest, signed_digest) is not null then 'artifact' end as resource_type,
        {{ list_map('subjects', struct_of({
            'uid': 'item.digest', 'name': 'item.name', 'type': "'artifact'", 'account_uid': 'cast(null as varchar)',
        })) }} as resources,
        {{ json_of({'verification': json_text('attributes', 'verification')}) }} as unmapped,
        -- class extras: the sdlc profile
        case when repository is not null and (stated_repository is not null or verdict.issuer = 'https://token.actions.githubusercontent.com') then 'github' end as vcs_provider,
        repository as vcs_repository_name,
        regexp_replace(git_ref, '^refs/(heads|tags)/', '') as vcs_ref_name,
        case when git_ref like 'refs/tags/%' then 'tag' when git_ref like 'refs/heads/%' then 'branch' end as vcs_ref_type,
        git_commit as vcs_ref_revision,
        regexp_replace(coalesce(verdict.workflow, stated_workflow.path, config.entryPoint), '^https://github[.]com/', '') as cicd_pipeline_path,
        case when result = 1 then 'artifact.signed' end as sdlc_event_type,
        case
            when verdict.issuer = 'https://token.actions.githubusercontent.com' or stated_repository is not null and run_uid is not null
                then 'github'
        end as cicd_provider,
        run_uid as cicd_run_uid,
        try_cast(run_attempt as integer) as cicd_run_attempt,
        run_trigger as cicd_trigger,
        subject.name as artifact_name,
        coalesce(subject.digest, signed_digest) as artifact_digest,
        case when subject.name like 'pkg:%' then subject.name end as artifact_purl,
        result = 1 as provenance_verified
{%- endmacro %}
