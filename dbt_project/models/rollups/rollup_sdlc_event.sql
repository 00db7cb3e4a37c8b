{# The life of a change, event by event: what the sdlc models read of API activity, whatever sources fill the profile sdlc. #}
with

told as (

    select
        event_date,
        event_uid,
        source,
        time_dt,
        sdlc_event_type,
        status_id = 2 as is_failure,
        actor_user_name,
        actor_user_type,
        case when sdlc_event_type like 'commit.%' then message end as message,
        start_time_dt,
        end_time_dt,
        status_code,
        status_detail,
        vcs_provider,
        vcs_repository_name,
        vcs_repository_uid,
        vcs_repository_visibility,
        vcs_ref_name,
        vcs_ref_type,
        vcs_ref_revision,
        vcs_base_revision,
        vcs_base_name,
        vcs_change_uid,
        vcs_change_title,
        vcs_change_author,
        vcs_change_state,
        vcs_merge_revision,
        vcs_review_state,
        vcs_commit_author,
        vcs_commit_author_email_addr,
        vcs_commit_signature,
        vcs_is_forced,
        vcs_is_signature_verified,
        vcs_setting_name,
        vcs_setting_target,
        vcs_setting_value,
        case when coalesce(cicd_run_uid, cicd_deployment_uid) is not null then coalesce(cicd_provider, vcs_provider, source) end
            as cicd_provider,
        cicd_pipeline_name,
        cicd_pipeline_path,
        cicd_run_uid,
        cicd_run_attempt,
        cicd_run_result,
        cicd_trigger,
        cicd_runner_type,
        cicd_task_uid,
        cicd_task_name,
        cicd_environment_name,
        cicd_deployment_uid,
        cicd_deployment_state,
        artifact_name,
        artifact_digest,
        artifact_purl,
        provenance_verified
    from {{ new_rows(ref('ocsf_api_activity')) }}
    where
        -- what anyone may have sent is an event, and proves no fact
        coalesce(status_code, '') not in ('invalid signature', 'absent signature')
        and (
            sdlc_event_type is not null
            or vcs_ref_revision is not null
            or vcs_change_uid is not null
            or cicd_run_uid is not null
            or cicd_deployment_uid is not null
            or artifact_digest is not null
            or vcs_setting_name is not null
            or vcs_repository_visibility is not null
        )

),

-- what a change tells of its reviewers is a review each, besides what it tells of itself
opened as (

    select
        event_date,
        event_uid,
        source,
        time_dt,
        vcs_provider,
        vcs_repository_name,
        vcs_repository_uid,
        vcs_ref_revision,
        vcs_change_uid,
        {{ one_row_each('vcs_reviews') }} as review
    from {{ new_rows(ref('ocsf_api_activity')) }}
    where
        vcs_change_uid is not null
        and coalesce(status_code, '') not in ('invalid signature', 'absent signature')
    union all
    -- and a word that these were all, for whom it names no more: GitHub's reviews are told one by one
    select
        event_date,
        event_uid,
        source,
        time_dt,
        vcs_provider,
        vcs_repository_name,
        vcs_repository_uid,
        vcs_ref_revision,
        vcs_change_uid,
        {{ struct_of({'reviewer': 'cast(null as varchar)', 'state': "'listed'"}) }} as review
    from {{ new_rows(ref('ocsf_api_activity')) }}
    where
        vcs_change_uid is not null
        and vcs_reviews is not null
        and vcs_provider <> 'github'
        and coalesce(status_code, '') not in ('invalid signature', 'absent signature')

),

reviews as (

    select
        event_date,
        event_uid,
        source,
        time_dt,
        'change.reviewed' as sdlc_event_type,
        false as is_failure,
        review.reviewer as actor_user_name,
        cast(null as varchar) as actor_user_type,
        cast(null as varchar) as message,
        cast(null as timestamptz) as start_time_dt,
        cast(null as timestamptz) as end_time_dt,
        cast(null as varchar) as status_code,
        cast(null as varchar) as status_detail,
        vcs_provider,
        vcs_repository_name,
        vcs_repository_uid,
        cast(null as varchar) as vcs_repository_visibility,
        cast(null as varchar) as vcs_ref_name,
        cast(null as varchar) as vcs_ref_type,
        vcs_ref_revision,
        cast(null as varchar) as vcs_base_revision,
        cast(null as varchar) as vcs_base_name,
        vcs_change_uid,
        cast(null as varchar) as vcs_change_title,
        cast(null as varchar) as vcs_change_author,
        cast(null as varchar) as vcs_change_state,
        cast(null as varchar) as vcs_merge_revision,
        review.state as vcs_review_state,
        cast(null as varchar) as vcs_commit_author,
        cast(null as varchar) as vcs_commit_author_email_addr,
        cast(null as varchar) as vcs_commit_signature,
        cast(null as boolean) as vcs_is_forced,
        cast(null as boolean) as vcs_is_signature_verified,
        cast(null as varchar) as vcs_setting_name,
        cast(null as varchar) as vcs_setting_target,
        cast(null as varchar) as vcs_setting_value,
        cast(null as varchar) as cicd_provider,
        cast(null as varchar) as cicd_pipeline_name,
        cast(null as varchar) as cicd_pipeline_path,
        cast(null as varchar) as cicd_run_uid,
        cast(null as integer) as cicd_run_attempt,
        cast(null as varchar) as cicd_run_result,
        cast(null as varchar) as cicd_trigger,
        cast(null as varchar) as cicd_runner_type,
        cast(null as varchar) as cicd_task_uid,
        cast(null as varchar) as cicd_task_name,
        cast(null as varchar) as cicd_environment_name,
        cast(null as varchar) as cicd_deployment_uid,
        cast(null as varchar) as cicd_deployment_state,
        cast(null as varchar) as artifact_name,
        cast(null as varchar) as artifact_digest,
        cast(null as varchar) as artifact_purl,
        cast(null as boolean) as provenance_verified
    from opened
    where review.reviewer is not null or review.state = 'listed'

),

-- evidence speaks for each of its subjects, of which the event's own columns name the first
attested as (

    select
        event_date,
        event_uid,
        source,
        time_dt,
        sdlc_event_type,
        status_id = 2 as is_failure,
        actor_user_name,
        actor_user_type,
        case when sdlc_event_type like 'commit.%' then message end as message,
        start_time_dt,
        end_time_dt,
        status_code,
        status_detail,
        vcs_provider,
        vcs_repository_name,
        vcs_repository_uid,
        vcs_repository_visibility,
        vcs_ref_name,
        vcs_ref_type,
        vcs_ref_revision,
        vcs_base_revision,
        vcs_base_name,
        vcs_change_uid,
        vcs_change_title,
        vcs_change_author,
        vcs_change_state,
        vcs_merge_revision,
        vcs_review_state,
        vcs_commit_author,
        vcs_commit_author_email_addr,
        vcs_commit_signature,
        vcs_is_forced,
        vcs_is_signature_verified,
        vcs_setting_name,
        vcs_setting_target,
        vcs_setting_value,
        case when coalesce(cicd_run_uid, cicd_deployment_uid) is not null then coalesce(cicd_provider, vcs_provider, source) end
            as cicd_provider,
        cicd_pipeline_name,
        cicd_pipeline_path,
        cicd_run_uid,
        cicd_run_attempt,
        cicd_run_result,
        cicd_trigger,
        cicd_runner_type,
        cicd_task_uid,
        cicd_task_name,
        cicd_environment_name,
        cicd_deployment_uid,
        cicd_deployment_state,
        artifact_digest,
        provenance_verified,
        {{ one_row_each('resources') }} as subject
    from {{ new_rows(ref('ocsf_api_activity')) }}
    where provenance_verified is not null

),

subjects as (

    select
        event_date,
        event_uid,
        source,
        time_dt,
        sdlc_event_type,
        is_failure,
        actor_user_name,
        actor_user_type,
        message,
        start_time_dt,
        end_time_dt,
        status_code,
        status_detail,
        vcs_provider,
        vcs_repository_name,
        vcs_repository_uid,
        vcs_repository_visibility,
        vcs_ref_name,
        vcs_ref_type,
        vcs_ref_revision,
        vcs_base_revision,
        vcs_base_name,
        vcs_change_uid,
        vcs_change_title,
        vcs_change_author,
        vcs_change_state,
        vcs_merge_revision,
        vcs_review_state,
        vcs_commit_author,
        vcs_commit_author_email_addr,
        vcs_commit_signature,
        vcs_is_forced,
        vcs_is_signature_verified,
        vcs_setting_name,
        vcs_setting_target,
        vcs_setting_value,
        cicd_provider,
        cicd_pipeline_name,
        cicd_pipeline_path,
        cicd_run_uid,
        cicd_run_attempt,
        cicd_run_result,
        cicd_trigger,
        cicd_runner_type,
        cicd_task_uid,
        cicd_task_name,
        cicd_environment_name,
        cicd_deployment_uid,
        cicd_deployment_state,
        subject.name as artifact_name,
        subject.uid as artifact_digest,
        case when subject.name like 'pkg:%' then subject.name end as artifact_purl,
        provenance_verified
    from attested
    where subject.type = 'artifact' and subject.uid <> artifact_digest

),

rights as (

    select
        event_date,
        event_uid,
        source,
        time_dt,
        'repository.modified' as sdlc_event_type,
        status_id = 2 as is_failure,
        actor_user_name,
        actor_user_type,
        cast(null as varchar) as message,
        cast(null as timestamptz) as start_time_dt,
        cast(null as timestamptz) as end_time_dt,
        cast(null as varchar) as status_code,
        cast(null as varchar) as status_detail,
        lower(coalesce(cloud_provider, metadata_product_vendor_name)) as vcs_provider,
        resource_name as vcs_repository_name,
        cast(null as varchar) as vcs_repository_uid,
        cast(null as varchar) as vcs_repository_visibility,
        cast(null as varchar) as vcs_ref_name,
        cast(null as varchar) as vcs_ref_type,
        cast(null as varchar) as vcs_ref_revision,
        cast(null as varchar) as vcs_base_revision,
        cast(null as varchar) as vcs_base_name,
        cast(null as varchar) as vcs_change_uid,
        cast(null as varchar) as vcs_change_title,
        cast(null as varchar) as vcs_change_author,
        cast(null as varchar) as vcs_change_state,
        cast(null as varchar) as vcs_merge_revision,
        cast(null as varchar) as vcs_review_state,
        cast(null as varchar) as vcs_commit_author,
        cast(null as varchar) as vcs_commit_author_email_addr,
        cast(null as varchar) as vcs_commit_signature,
        cast(null as boolean) as vcs_is_forced,
        cast(null as boolean) as vcs_is_signature_verified,
        'collaborator' as vcs_setting_name,
        user_name as vcs_setting_target,
        case when activity_id = 2 then 'absent' else {{ joined_texts('privileges') }} end as vcs_setting_value,
        cast(null as varchar) as cicd_provider,
        cast(null as varchar) as cicd_pipeline_name,
        cast(null as varchar) as cicd_pipeline_path,
        cast(null as varchar) as cicd_run_uid,
        cast(null as integer) as cicd_run_attempt,
        cast(null as varchar) as cicd_run_result,
        cast(null as varchar) as cicd_trigger,
        cast(null as varchar) as cicd_runner_type,
        cast(null as varchar) as cicd_task_uid,
        cast(null as varchar) as cicd_task_name,
        cast(null as varchar) as cicd_environment_name,
        cast(null as varchar) as cicd_deployment_uid,
        cast(null as varchar) as cicd_deployment_state,
        cast(null as varchar) as artifact_name,
        cast(null as varchar) as artifact_digest,
        cast(null as varchar) as artifact_purl,
        cast(null as boolean) as provenance_verified
    from {{ new_rows(ref('ocsf_user_access')) }}
    where resource_type = 'repository' and resource_name is not null and user_name is not null

),

together as (

    select * from told
    union all
    select * from reviews
    union all
    select * from subjects
    union all
    select * from rights

),

final as (

    select
        together.*,
        cast(1 as bigint) as events
    from together

)

select * from final
