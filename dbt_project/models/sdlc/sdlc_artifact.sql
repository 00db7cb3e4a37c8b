{{ config(materialized='lake_view') }}

with

events as (

    select * from {{ ref('rollup_sdlc_event') }}

),

placed as (

    select
        events.*,
        -- what may say where it comes from: of an artifact that is proven the proofs alone, else whatever does not merely use it
        case
            when max(case when provenance_verified then 1 else 0 end) over (partition by artifact_digest) = 1
                then coalesce(provenance_verified, false)
            else coalesce(sdlc_event_type, '') <> 'service.deployed'
        end as is_origin,
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
        -- what uses it may name it, too: a forgery of what is proven may not
        coalesce(
            {{ latest('case when is_origin then artifact_name end') }},
            {{ latest('case when provenance_verified is null then artifact_name end') }}
        ) as artifact_name,
        coalesce(
            {{ latest('case when is_origin then artifact_purl end') }},
            {{ latest('case when provenance_verified is null then artifact_purl end') }}
        ) as artifact_purl,
        -- one proof is enough: what proves nothing takes nothing from that
        bool_or(provenance_verified) as provenance_verified,
        count(case when provenance_verified then 1 end) as proofs,
        count(case when not provenance_verified then 1 end) as rejected,
        {{ latest('case when not provenance_verified then status_code end') }} as rejected_code,
        {{ latest('case when not provenance_verified then status_detail end') }} as rejected_detail,
        {{ latest('case when provenance_verified then actor_user_name end') }} as signed_by,
        {{ latest('case when is_origin then vcs_provider end') }} as vcs_provider,
        {{ latest('case when is_origin then vcs_repository_name end') }} as vcs_repository_name,
        {{ latest('case when is_origin then vcs_ref_revision end') }} as vcs_ref_revision,
        {{ latest('case when is_origin then cicd_provider end') }} as cicd_provider,
        {{ latest('case when is_origin then cicd_run_uid end') }} as cicd_run_uid,
        min(case when sdlc_event_type = 'artifact.published' then time_dt end) as published_dt,
        min(case when provenance_verified then time_dt end) as proven_dt,
        min(time_dt) as first_seen_dt,
        max(time_dt) as last_seen_dt,
        {{ evidence() }}
    from placed
    group by artifact_digest

)

select * from final
