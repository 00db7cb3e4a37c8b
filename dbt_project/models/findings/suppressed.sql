{{ config(materialized='lake_view') }}

with

latest as (

    select * from {{ ref('findings') }}

),

final as (

    select
        latest.suppressed_by as suppression_uid,
        latest.analytic_uid,
        count(*) as findings,
        min(latest.window_start_dt) as first_window_start_dt,
        max(latest.window_start_dt) as last_window_start_dt
    from latest
    where
        latest.suppressed_by is not null
        and latest.revision_kind <> 'withdrawn'
    group by latest.suppressed_by, latest.analytic_uid

)

select * from final
