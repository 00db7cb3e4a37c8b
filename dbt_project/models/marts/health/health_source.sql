{#- Times are the lake's: a day ends at its watermark, the latest hour in which any source has an event. -#}
with hours as (

    select
        *,
        {{ hour_no('hour_dt') }} as hour_no
    from {{ ref('rollup_health_source_hour') }}

),

watermark as (

    select max(hour_no) as lake_hour
    from hours
    where rows_count > ahead_count

),

each_account as (

    select
        hours.*,
        hours.account_uid as shown_account
    from hours
    union all
    select
        hours.*,
        cast(null as string) as shown_account
    from hours

),

spoken as (

    select
        each_account.source,
        each_account.shown_account as account_uid,
        sum(rows_count) as rows_count,
        sum(case when hour_no > lake_hour - 24 and hour_no <= lake_hour then rows_count else 0 end) as rows_day,
        sum(case when hour_no > lake_hour - 360 and hour_no <= lake_hour - 24 then rows_count else 0 end) as rows_before,
        least(14.0, cast(max(lake_hour) - 24 - min(hour_no) + 1 as double) / 24) as days_before,
        sum(unmapped_count) as unmapped_count,
        sum(collision_count) as collision_count,
        sum(ahead_count) as ahead_count,
        min(first_event_dt) as first_event_dt,
        max(case when rows_count > ahead_count then last_event_dt end) as last_event_dt,
        sum(case when hour_no > lake_hour - 168 then rows_count else 0 end) as lag_rows,
        max(case when hour_no > lake_hour - 168 then lag_max_ms end) as lag_max_ms,
        {{ lag_sums('hour_no > lake_hour - 168') }}
    from each_account
    cross join watermark
    group by each_account.source, each_account.shown_account

),

silent as (

    select
        source,
        account_uid,
        start_dt
    from {{ ref('health_silence') }}
    where is_open

),

accounts as (

    select
        spoken.source,
        count(*) as account_count,
        count(silent.start_dt) as silent_count,
        max(silent.start_dt) as start_dt
    from spoken
    left join silent on spoken.source = silent.source and spoken.account_uid = silent.account_uid
    where spoken.account_uid is not null
    group by spoken.source

),

quarantined as (

    select
        source,
        cast(sum(open_count) as bigint) as open_count,
        cast(sum(total_count) as bigint) as total_count
    from {{ ref('health_quarantine') }}
    group by source

),

steps as (

    select
        source,
        kind,
        lane,
        sequence,
        uri,
        from_byte
    from {{ source('ops', 'ledger') }}
    where kind in ('plan', 'landed', 'failed')

),

landing as (

    select
        plans.source,
        sum(case when plans.kind = 'plan' and landed.uri is null then 1 else 0 end) as open_plans,
        sum(case when plans.kind = 'failed' then 1 else 0 end) as failed_reads
    from steps as plans
    left join steps as landed
        on
            plans.kind = 'plan'
            and landed.kind = 'landed'
            and plans.source = landed.source
            and plans.lane = landed.lane
            and plans.sequence = landed.sequence
            and plans.uri = landed.uri
            and plans.from_byte = landed.from_byte
    where plans.kind in ('plan', 'failed')
    group by plans.source

),

known as (

    -- A source of which nothing ever landed has only its plans.
    select
        source,
        account_uid
    from spoken
    union
    select
        source,
        cast(null as string) as account_uid
    from landing

),

final as (

    select
        known.source,
        known.account_uid,
        cast(coalesce(spoken.rows_count, 0) as bigint) as rows_count,
        cast(coalesce(spoken.rows_day, 0) as bigint) as rows_day,
        case when spoken.days_before >= 1 then cast(round(spoken.rows_before / spoken.days_before) as bigint) end as usual_day,
        cast(coalesce(spoken.unmapped_count, 0) as bigint) as unmapped_count,
        cast(coalesce(spoken.collision_count, 0) as bigint) as collision_count,
        cast(coalesce(spoken.ahead_count, 0) as bigint) as ahead_count,
        spoken.first_event_dt,
        spoken.last_event_dt,
        cast({{ lag_median('spoken', 'spoken.lag_rows', 'ceil(spoken.lag_max_ms / 1000.0)') }} as bigint) as lag_p50_seconds,
        cast(ceil(spoken.lag_max_ms / 1000.0) as bigint) as lag_max_seconds,
        case
            when known.account_uid is not null then silent.start_dt
            when accounts.silent_count = accounts.account_count then accounts.start_dt
        end as silent_since_dt,
        case when known.account_uid is null then coalesce(quarantined.open_count, 0) end as quarantined_open,
        case when known.account_uid is null then coalesce(quarantined.total_count, 0) end as quarantined_total,
        case when known.account_uid is null then cast(coalesce(landing.open_plans, 0) as bigint) end as open_plans,
        case when known.account_uid is null then cast(coalesce(landing.failed_reads, 0) as bigint) end as failed_reads
    from known
    left join spoken
        on
            known.source = spoken.source
            and coalesce(known.account_uid, '') = coalesce(spoken.account_uid, '')
    left join silent on known.source = silent.source and known.account_uid = silent.account_uid
    left join accounts on known.source = accounts.source
    left join quarantined on known.source = quarantined.source
    left join landing on known.source = landing.source

)

select * from final
