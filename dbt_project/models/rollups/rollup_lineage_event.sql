{# What the lineage marts read of every class: few rows, so that they can look weeks back for what led to a change. #}
{% set from_github %}
        case
            when api_operation = 'git.push' or api_operation = 'protected_branch.policy_override' then 'push'
            when api_operation = 'pull_request.create' then 'pull_request_opened'
            when api_operation = 'pull_request_review.submit' then 'pull_request_reviewed'
            when api_operation in ('pull_request.merge', 'pull_request.indirect_merge') then 'pull_request_merged'
            when api_operation = 'workflows.created_workflow_run' then 'run_created'
            when api_operation = 'workflows.prepared_workflow_job' then 'run_job'
            when api_operation = 'workflows.approve_workflow_job' then 'run_approved'
            when api_operation = 'workflows.completed_workflow_run' then 'run_completed'
        end
{% endset %}
{% set change = "metadata_product_name = 'CloudTrail' and status_id = 1 and resource_uid is not null" %}
{% set acted %}
        event_uid,
        metadata_uid as vendor_uid,
        source,
        time_dt,
        event_date,
        actor_user_name as actor_name,
        actor_user_uid as actor_uid,
        actor_user_type as actor_type,
        actor_session_issuer as actor_issuer,
        actor_session_is_mfa as actor_is_mfa,
        actor_invoked_by as actor_invoked_by,
        actor_user_credential_uid as credential_uid,
        cloud_provider,
        cloud_account_uid as account_uid,
        cloud_region as region,
        api_service_name as service_name,
        api_operation as operation,
        activity_name,
        resource_uid,
        resource_name,
        resource_type
{% endset %}
{# What only code, or only a session, has. #}
{% set no_code %}
        cast(null as varchar) as repository,
        cast(null as varchar) as pull_request,
        cast(null as varchar) as ref_name,
        cast(null as varchar) as revision,
        cast(null as varchar) as run_uid,
        cast(null as varchar) as run_trigger,
        cast(null as varchar) as pipeline_name,
        cast(null as varchar) as environment_name
{% endset %}
{% set no_session %}
        cast(null as varchar) as oidc_subject,
        cast(null as varchar) as session_uid,
        cast(null as varchar) as session_arn
{% endset %}

with

code as (

    select
        {{ from_github }} as kind,
        {{ acted }},
        vcs_repository_name as repository,
        vcs_change_uid as pull_request,
        vcs_ref_name as ref_name,
        vcs_ref_revision as revision,
        cicd_run_uid as run_uid,
        cicd_trigger as run_trigger,
        cicd_pipeline_name as pipeline_name,
        cicd_environment_name as environment_name,
        {{ no_session }}
    from {{ new_rows(ref('ocsf_api_activity')) }}
    where vcs_provider = 'github' and {{ from_github }} is not null

),

sessions as (

    select
        'session' as kind,
        {{ acted }},
        {{ no_code }},
        case when actor_idp_name like '%token.actions.githubusercontent.com' then actor_user_name end as oidc_subject,
        user_credential_uid as session_uid,
        user_uid as session_arn
    from {{ new_rows(ref('ocsf_authentication')) }}
    where
        metadata_product_name = 'CloudTrail'
        and status_id = 1
        and user_credential_uid is not null
        and (
            (api_operation = 'AssumeRoleWithWebIdentity' and actor_idp_name like '%token.actions.githubusercontent.com')
            or (api_operation = 'AssumeRole' and actor_user_credential_uid is not null)
        )

),

calls as (

    select
        'change' as kind,
        {{ acted }},
        {{ no_code }},
        {{ no_session }}
    from {{ new_rows(ref('ocsf_api_activity')) }}
    where {{ change }} and activity_id in (1, 3, 4)

),

accounts as (

    select
        'change' as kind,
        {{ acted }},
        {{ no_code }},
        {{ no_session }}
    from {{ new_rows(ref('ocsf_account_change')) }}
    where {{ change }}

),

rights as (

    select
        'change' as kind,
        {{ acted }},
        {{ no_code }},
        {{ no_session }}
    from {{ new_rows(ref('ocsf_user_access')) }}
    where {{ change }}

),

groups_changed as (

    select
        'change' as kind,
        {{ acted }},
        {{ no_code }},
        {{ no_session }}
    from {{ new_rows(ref('ocsf_group_management')) }}
    where {{ change }}

),

together as (

    select * from code
    union all
    select * from sessions
    union all
    select * from calls
    union all
    select * from accounts
    union all
    select * from rights
    union all
    select * from groups_changed

),

final as (

    select
        together.*,
        cast(1 as bigint) as events
    from together

)

select * from final
