{{ config(materialized='lake_view') }}

with

events as (

    select * from {{ ref('rollup_sdlc_event') }}

),

placed as (

    select
        events.*,
        row_number() over (
            partition by cicd_provider, cicd_deployment_uid
            order by time_dt, event_uid
        ) as place
    from events
    where cicd_deployment_uid is not null

),

final as (

    select
        cicd_provider,
        cicd_deployment_uid,
        {{ latest('vcs_provider') }} as vcs_provider,
        {{ latest('vcs_repository_name') }} as vcs_repository_name,
        {{ latest('cicd_environment_name') }} as cicd_environment_name,
        -- the API's deployment has no state of its own, whenever it was changed: nothing goes back to created
        coalesce(
            {{ latest("case when cicd_deployment_state <> 'created' then cicd_deployment_state end") }},
            {{ latest('cicd_deployment_state') }}
        ) as cicd_deployment_state,
        {{ latest('vcs_ref_name') }} as vcs_ref_name,
        {{ latest('vcs_ref_revision') }} as vcs_ref_revision,
        {{ latest('cicd_run_uid') }} as cicd_run_uid,
        {{ latest('artifact_digest') }} as artifact_digest,
        min_by(actor_user_name, place) filter (where actor_user_name is not null) as deployed_by,
        min(time_dt) as first_seen_dt,
        max(time_dt) as last_seen_dt,
        {{ evidence() }}
    from placed
    group by cicd_provider, cicd_deployment_uid

)

select * from final
