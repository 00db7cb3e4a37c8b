{{ config(materialized='lake_view') }}

with

events as (

    select * from {{ ref('rollup_sdlc_event') }}
    where not coalesce(is_failure, false)

),

settings as (

    select
        events.*,
        vcs_setting_name as setting,
        vcs_setting_target as target,
        vcs_setting_value as value
    from events
    where vcs_setting_name is not null and vcs_setting_value is not null
    union all
    select
        events.*,
        'visibility' as setting,
        cast(null as varchar) as target,
        vcs_repository_visibility as value
    from events
    where vcs_repository_visibility is not null

),

placed as (

    select
        settings.*,
        row_number() over (
            partition by vcs_provider, vcs_repository_name, setting, target
            order by time_dt, event_uid
        ) as place
    from settings
    where vcs_repository_name is not null

),

final as (

    select
        vcs_provider,
        vcs_repository_name,
        setting,
        target,
        max_by(value, place) as value,
        max_by(time_dt, place) as set_dt,
        nullif(max_by(coalesce(actor_user_name, ''), place), '') as set_by,
        count(distinct value) > 1 as has_changed,
        min(time_dt) as first_seen_dt,
        {{ evidence() }}
    from placed
    group by vcs_provider, vcs_repository_name, setting, target

)

select * from final
