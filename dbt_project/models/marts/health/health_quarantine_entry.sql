{#-
    An entry says when it was quarantined, not when its events happened. Its object holds what happened in the hour before
    the store wrote it; where the key's day says that it was written later, as a copied bucket's objects are, the whole day.
-#}
with entries as (

    select
        *,
        row_number() over (partition by quarantine_uid order by quarantined_at desc, status desc) as newest
    from {{ source('ops', 'quarantine') }}

),

objects as (

    select
        source,
        uri,
        version,
        max(object_time) as object_time,
        max(object_date) as object_date
    from {{ source('ops', 'ledger') }}
    where kind = 'plan'
    group by source, uri, version

),

placed as (

    select
        entries.quarantine_uid,
        entries.source,
        entries.status,
        entries.reason,
        entries.quarantined_at,
        entries.object_uri,
        entries.record_no,
        coalesce(objects.object_time, entries.quarantined_at) as written_dt,
        {{ epoch_ms('cast(objects.object_date as timestamp)') }} as day_ms,
        {{ epoch_ms('coalesce(objects.object_time, entries.quarantined_at)') }} as written_ms
    from entries
    left join objects
        on
            entries.source = objects.source
            and entries.object_uri = objects.uri
            and entries.object_version = objects.version
    where entries.newest = 1

),

final as (

    select
        quarantine_uid,
        source,
        status,
        reason,
        quarantined_at,
        object_uri,
        record_no,
        {{ timestamp_of_ms("case
            when day_ms is null then written_ms - 3600000
            when written_ms >= day_ms and written_ms < day_ms + 93600000 then greatest(written_ms - 3600000, day_ms)
            else day_ms
        end") }} as events_from_dt,
        {{ timestamp_of_ms("case
            when day_ms is null or (written_ms >= day_ms and written_ms < day_ms + 93600000) then written_ms
            else day_ms + 86399999
        end") }} as events_to_dt
    from placed

)

select * from final
