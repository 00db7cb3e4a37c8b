with events as (

    {{ new_class_rows(
        ['event_uid', 'source', 'cloud_account_uid', 'cloud_org_uid', 'class_uid', 'activity_id', 'time', 'time_dt', 'landed_at',
         'id_collision', 'event_date']
    ) }}

),

measured as (

    select
        *,
        coalesce(cloud_account_uid, cloud_org_uid, '-') as account_uid,
        {{ bucket_ms('time', 3600000) }} as hour_ms,
        {{ epoch_ms('landed_at') }} - time as lag_ms
    from events

),

final as (

    select
        source,
        account_uid,
        class_name,
        {{ timestamp_of_ms('hour_ms') }} as hour_dt,
        event_date,
        count(*) as rows_count,
        cast(sum(case when class_uid = 0 or (class_uid = 6003 and activity_id = 99) then 1 else 0 end) as bigint) as unmapped_count,
        cast(sum(case when id_collision then 1 else 0 end) as bigint) as collision_count,
        cast(sum(case when lag_ms < -3600000 then 1 else 0 end) as bigint) as ahead_count,
        min(time_dt) as first_event_dt,
        max(time_dt) as last_event_dt,
        max(event_uid) as event_uid,
        max(greatest(lag_ms, 0)) as lag_max_ms,
        {{ lag_counts('lag_ms') }}
    from measured
    group by source, account_uid, class_name, hour_ms, event_date

)

select * from final
