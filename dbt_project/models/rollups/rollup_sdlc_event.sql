{# The life of a change, event by event: what the sdlc models read of API activity, whatever sources fill the profile sdlc. #}
{% set judged = {
    'is_failure': 'status_id = 2',
    'message': "case when sdlc_event_type like 'commit.%' then message end",
    'cicd_provider': 'case when coalesce(cicd_run_uid, cicd_deployment_uid) is not null then coalesce(cicd_provider, vcs_provider, source) end',
} %}
{# What anyone may have sent is an event, and proves no fact. #}
{% set is_proof = "coalesce(status_code, '') not in ('invalid signature', 'absent signature')" %}

with

told as (

    select
        {{ sdlc_event_columns(judged) }}
    from {{ new_rows(ref('ocsf_api_activity')) }}
    where
        {{ is_proof }}
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
        and {{ is_proof }}
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
        and {{ is_proof }}

),

reviews as (

    select
        {{ sdlc_event_columns(
            {
                'sdlc_event_type': "'change.reviewed'", 'is_failure': 'false', 'actor_user_name': 'review.reviewer',
                'vcs_review_state': 'review.state',
            },
            said=[
                'event_date', 'event_uid', 'source', 'time_dt', 'vcs_provider', 'vcs_repository_name', 'vcs_repository_uid',
                'vcs_ref_revision', 'vcs_change_uid',
            ],
        ) }}
    from opened
    where review.reviewer is not null or review.state = 'listed'

),

-- evidence speaks for each of its subjects, of which the event's own columns name the first
attested as (

    select
        {{ sdlc_event_columns(judged) }},
        {{ one_row_each('resources') }} as subject
    from {{ new_rows(ref('ocsf_api_activity')) }}
    where provenance_verified is not null

),

subjects as (

    select
        {{ sdlc_event_columns({
            'artifact_name': 'subject.name', 'artifact_digest': 'subject.uid',
            'artifact_purl': "case when subject.name like 'pkg:%' then subject.name end",
        }) }}
    from attested
    where subject.type = 'artifact' and subject.uid <> artifact_digest

),

rights as (

    select
        {{ sdlc_event_columns(
            {
                'sdlc_event_type': "'repository.modified'", 'is_failure': 'status_id = 2',
                'vcs_provider': 'lower(coalesce(cloud_provider, metadata_product_vendor_name))',
                'vcs_repository_name': 'resource_name', 'vcs_setting_name': "'collaborator'", 'vcs_setting_target': 'user_name',
                'vcs_setting_value': "case when activity_id = 2 then 'absent' else " ~ joined_texts('privileges') ~ ' end',
            },
            said=['event_date', 'event_uid', 'source', 'time_dt', 'actor_user_name', 'actor_user_type'],
        ) }}
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
