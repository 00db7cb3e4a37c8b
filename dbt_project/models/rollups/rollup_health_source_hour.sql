{%- set bounds = [60, 300, 900, 3600, 21600, 86400, 604800] -%}
with events as (

    {%- for table in class_tables() %}
    select
        source,
        coalesce(cloud_account_uid, cloud_org_uid, '-') as account_uid,
        '{{ table[5:] }}' as class_name,
        class_uid,
        activity_id,
        event_uid,
        time,
        time_dt,
        {{ epoch_ms('landed_at') }} - time as lag_ms,
        id_collision,
        event_date
    from {{ new_rows(ref(table)) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

final as (

    select
        source,
        account_uid,
        class_name,
        {{ timestamp_of_ms(bucket_ms('time', 3600000)) }} as hour_dt,
        event_date,
        count(*) as rows_count,
        sum(case when class_uid = 0 or (class_uid = 6003 and activity_id = 99) then 1 else 0 end) as unmapped_count,
        sum(case when id_collision then 1 else 0 end) as collision_count,
        sum(case when lag_ms < -3600000 then 1 else 0 end) as ahead_count,
        min(time_dt) as first_event_dt,
        max(time_dt) as last_event_dt,
        max(event_uid) as event_uid,
        max(greatest(lag_ms, 0)) as lag_max_ms,
        {%- for bound in bounds %}
        sum(case when lag_ms <= {{ bound * 1000 }} then 1 else 0 end) as lag_{{ bound }}s_count{{ ',' if not loop.last }}
        {%- endfor %}
    from events
    group by source, account_uid, class_name, {{ bucket_ms('time', 3600000) }}, event_date

)

select
    source,
    account_uid,
    class_name,
    hour_dt,
    event_date,
    {%- for measure in ['rows_count', 'unmapped_count', 'collision_count', 'ahead_count'] %}
    cast({{ measure }} as bigint) as {{ measure }},
    {%- endfor %}
    first_event_dt,
    last_event_dt,
    event_uid,
    cast(lag_max_ms as bigint) as lag_max_ms,
    {%- for bound in bounds %}
    cast(lag_{{ bound }}s_count as bigint) as lag_{{ bound }}s_count{{ ',' if not loop.last }}
    {%- endfor %}
from final
