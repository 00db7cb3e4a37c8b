{{ config(materialized='lake_view') }}

with

events as (

    select * from {{ ref('rollup_sdlc_event') }}

),

placed as (

    select
        events.*,
        row_number() over (
            partition by artifact_digest
            order by time_dt, event_uid
        ) as place
    from events
    where artifact_digest is not null

),

final as (

    select
        artifact_digest,
        {{ latest('artifact_name') }} as artifact_name,
        {{ latest('artifact_purl') }} as artifact_purl,
        -- one proof is enough: what proves nothing takes nothing from that
        bool_or(provenance_verified) as provenance_verified,
        count(case when provenance_verified then 1 end) as proofs,
        count(case when not provenance_verified then 1 end) as rejected,
        {{ latest('case when not provenance_verified then status_code end') }} as rejected_code,
        {{ latest('case when not provenance_verified then status_detail end') }} as rejected_detail,
        {{ latest('case when provenance_verified then actor_user_name end') }} as signed_by,
        -- where it comes from: as proven, where anything is
        coalesce({{ latest('case when provenance_verified then vcs_provider end') }}, {{ latest('vcs_provider') }}) as vcs_provider,
        coalesce({{ latest('case when provenance_verified then vcs_repository_name end') }}, {{ latest('vcs_repository_name') }})
            as vcs_repository_name,
        coalesce({{ latest('case when provenance_verified then vcs_ref_revision end') }}, {{ latest('vcs_ref_revision') }})
            as vcs_ref_revision,
        coalesce({{ latest('case when provenance_verified then cicd_provider end') }}, {{ latest('cicd_provider') }}) as cicd_provider,
        coalesce({{ latest('case when provenance_verified then cicd_run_uid end') }}, {{ latest('cicd_run_uid') }}) as cicd_run_uid,
        min(case when sdlc_event_type = 'artifact.published' then time_dt end) as published_dt,
        min(case when provenance_verified then time_dt end) as proven_dt,
        min(time_dt) as first_seen_dt,
        max(time_dt) as last_seen_dt,
        {{ evidence() }}
    from placed
    group by artifact_digest

)

select * from final
