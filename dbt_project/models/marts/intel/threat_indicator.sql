{{ config(materialized='lake_view') }}

with

told as (

    select * from {{ ref('ocsf_osint_inventory_info') }}
    where osint_type_id <> 10

),

-- of one feed, what it said last is what holds. Its own id names an indicator, else what it is
ranked as (

    select
        told.*,
        row_number() over (
            partition by source, osint_vendor_name, coalesce(osint_uid, osint_type || '/' || osint_value)
            order by coalesce(osint_modified_dt, time_dt) desc, time_dt desc, landed_at desc, event_uid desc
        ) as newest,
        min(time_dt) over (
            partition by source, osint_vendor_name, coalesce(osint_uid, osint_type || '/' || osint_value)
        ) as first_told_dt
    from told

),

final as (

    select
        osint_type_id as indicator_type_id,
        osint_type as indicator_type,
        osint_value as indicator,
        coalesce(start_time_dt, osint_created_dt, osint_uploaded_dt) as valid_from_dt,
        coalesce(end_time_dt, osint_expiration_dt) as valid_until_dt,
        source,
        osint_vendor_name as feed,
        osint_uid as feed_uid,
        osint_confidence_id as confidence_id,
        osint_confidence as confidence,
        osint_category as category,
        osint_labels as labels,
        osint_tlp as tlp,
        coalesce(message, osint_desc) as title,
        osint_src_url as src_url,
        first_told_dt,
        time_dt as last_told_dt,
        event_uid
    from ranked
    where
        newest = 1
        and coalesce(status_code, '') <> 'revoked'
        and coalesce(start_time_dt <= current_timestamp, true)
        and coalesce(coalesce(end_time_dt, osint_expiration_dt) > current_timestamp, true)

)

select * from final
