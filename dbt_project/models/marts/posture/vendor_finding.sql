{{ config(materialized='lake_view') }}

with

emissions as (

    select * from {{ ref('vendor_finding_history') }}

),

-- what the vendor changed last is the state. Of two changes at one time the one further on wins, then the larger id
ranked as (

    select
        emissions.*,
        row_number() over (
            partition by source, finding_info_uid
            order by
                coalesce(finding_info_modified_dt, time_dt) desc, time_dt desc, status_id desc, event_uid desc, raw_data_hash desc
        ) as newest
    from emissions
    where finding_info_uid is not null

),

lives as (

    select
        source,
        finding_info_uid,
        min(coalesce(finding_info_first_seen_dt, finding_info_created_dt, time_dt)) as first_seen_dt,
        max(coalesce(finding_info_last_seen_dt, time_dt)) as last_seen_dt,
        min(time_dt) as first_emitted_dt,
        count(distinct event_uid) as emissions
    from ranked
    group by source, finding_info_uid

),

final as (

    select
        ranked.source,
        ranked.finding_info_uid,
        ranked.class_uid,
        ranked.class_name,
        ranked.finding_info_title,
        ranked.finding_info_types,
        ranked.finding_info_product_name,
        ranked.severity_id,
        ranked.severity,
        ranked.status_id,
        ranked.status,
        ranked.cloud_provider,
        ranked.cloud_account_uid,
        ranked.cloud_region,
        ranked.resource_uid,
        ranked.resource_name,
        ranked.resource_type,
        ranked.finding_info_created_dt,
        ranked.finding_info_modified_dt,
        lives.first_seen_dt,
        lives.last_seen_dt,
        lives.first_emitted_dt,
        ranked.time_dt as last_emitted_dt,
        lives.emissions,
        ranked.count,
        ranked.event_uid
    from ranked
    inner join lives on ranked.source = lives.source and ranked.finding_info_uid = lives.finding_info_uid
    where ranked.newest = 1

)

select * from final
