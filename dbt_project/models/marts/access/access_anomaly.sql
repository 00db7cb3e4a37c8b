{#- What is too far from the baseline: at least this many spreads above the expectation, and never a handful. -#}
{%- set deviation, volume_floor, weekend_floor = 6, 30, 20 -%}
{#- A median of fewer days says nothing. -#}
{%- set least_days = 4 -%}
with

{{ access_days() }}

candidates as (

    select
        access_days.principal_uid,
        access_days.store_type,
        access_days.store_uid,
        access_days.day,
        'volume' as kind,
        baseline.operation,
        cast(null as string) as network,
        baseline.total as value,
        baseline.expected,
        baseline.highest,
        baseline.deviation
    from baseline
    inner join access_days
        on
            baseline.principal_uid = access_days.principal_uid
            and baseline.store_type = access_days.store_type
            and baseline.store_uid = access_days.store_uid
            and baseline.day = access_days.day
    where
        access_days.is_known
        and baseline.days_learned >= {{ least_days }}
        and baseline.total >= {{ volume_floor }}
        and baseline.deviation >= {{ deviation }}
    union all
    select
        principal_uid,
        store_type,
        store_uid,
        day,
        'new_store' as kind,
        cast(null as string) as operation,
        cast(null as string) as network,
        touches as value,
        cast(0 as bigint) as expected,
        cast(0 as bigint) as highest,
        cast(touches as double) as deviation
    from access_days
    where is_new_store
    union all
    select
        parts.principal_uid,
        parts.store_type,
        parts.store_uid,
        new_networks.day,
        'new_network' as kind,
        cast(null as string) as operation,
        parts.network,
        cast(sum(parts.touches) as bigint) as value,
        cast(0 as bigint) as expected,
        cast(0 as bigint) as highest,
        cast(sum(parts.touches) as double) as deviation
    from parts
    inner join new_networks
        on
            parts.principal_uid = new_networks.principal_uid
            and parts.network = new_networks.network
            and {{ epoch_day('parts.event_date') }} = new_networks.day
    group by parts.principal_uid, parts.store_type, parts.store_uid, new_networks.day, parts.network
    union all
    select
        principal_uid,
        store_type,
        store_uid,
        day,
        'weekend' as kind,
        cast(null as string) as operation,
        cast(null as string) as network,
        touches as value,
        cast(0 as bigint) as expected,
        cast(0 as bigint) as highest,
        cast(touches as double) as deviation
    from access_days
    where
        is_known
        and is_weekend
        and days_learned >= {{ least_days }}
        and not has_worked_weekends
        and touches >= {{ weekend_floor }}

),

anomalies as (

    select
        access_days.event_date,
        {{ sha256_hex(entity_key([
            'candidates.principal_uid', 'candidates.store_type', 'candidates.store_uid', 'access_days.event_date',
            'candidates.kind', 'candidates.operation', 'candidates.network',
        ])) }} as anomaly_uid,
        candidates.principal_uid,
        access_days.principal_type,
        candidates.store_type,
        candidates.store_uid,
        access_days.cloud_provider,
        access_days.cloud_account_uids,
        candidates.kind,
        candidates.operation,
        candidates.network,
        candidates.value,
        candidates.expected,
        candidates.highest,
        candidates.deviation,
        access_days.days_known,
        access_days.days_learned,
        access_days.denied,
        {{ weekday_name('candidates.day') }} as weekday,
        case when access_days.is_weekend then 'weekend days' else 'working days' end as day_kind
    from candidates
    inner join access_days
        on
            candidates.principal_uid = access_days.principal_uid
            and candidates.store_type = access_days.store_type
            and candidates.store_uid = access_days.store_uid
            and candidates.day = access_days.day

),

touches as (
    {{ access_rows('seen') }}

),

ranked as (

    select
        anomalies.anomaly_uid,
        touches.event_uid,
        touches.time_dt,
        row_number() over (partition by anomalies.anomaly_uid order by touches.time_dt, touches.event_uid) as place
    from touches
    inner join anomalies
        on
            touches.event_date = anomalies.event_date
            and touches.principal_uid = anomalies.principal_uid
            and touches.store_type = anomalies.store_type
            and touches.store_uid = anomalies.store_uid
    where
        (anomalies.operation is null or (touches.operation = anomalies.operation and not touches.is_denied))
        and (anomalies.network is null or touches.network = anomalies.network)

),

evidence as (

    select
        anomaly_uid,
        {{ texts_by_position('event_uid', 'place', 1000) }} as event_uids,
        count(*) as event_count,
        min(time_dt) as first_seen_dt,
        max(time_dt) as last_seen_dt
    from ranked
    group by anomaly_uid

),

final as (

    select
        anomalies.event_date,
        anomalies.anomaly_uid,
        anomalies.principal_uid,
        anomalies.principal_type,
        anomalies.store_type,
        anomalies.store_uid,
        anomalies.cloud_provider,
        anomalies.cloud_account_uids,
        anomalies.kind,
        anomalies.operation,
        anomalies.network,
        cast(anomalies.value as bigint) as value,
        cast(anomalies.expected as bigint) as expected,
        cast(anomalies.highest as bigint) as highest,
        cast(anomalies.deviation as double) as deviation,
        cast(anomalies.days_known as integer) as days_known,
        cast(anomalies.days_learned as integer) as days_learned,
        {{ access_reason('anomalies') }} as reason,
        evidence.first_seen_dt,
        evidence.last_seen_dt,
        cast(coalesce(evidence.event_count, 0) as bigint) as evidence_count,
        coalesce(evidence.event_uids, {{ no_texts() }}) as evidence_event_uids
    from anomalies
    left join evidence on anomalies.anomaly_uid = evidence.anomaly_uid

)

select * from final
