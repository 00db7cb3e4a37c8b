{#-
    An account is judged by the lake's own watermark, never by the wall clock: the latest hour in which any source has an
    event. A gap is silence where it is longer than three hours and than twice what is usual: the longest gap of the last
    eight days or of the eight before, whichever is shorter, so that nights and weekends are usual and one outage is not.
    While an account is known for less than sixteen days only the last eight count; for less than eight, only more than
    two days are silence.
-#}
with hours as (

    select
        source,
        account_uid,
        {{ hour_no('hour_dt') }} as hour_no
    from {{ ref('rollup_health_source_hour') }}
    where rows_count > ahead_count
    group by source, account_uid, {{ hour_no('hour_dt') }}

),

watermark as (

    select max(hour_no) as lake_hour from hours

),

ends as (

    -- The hour after the watermark closes the last gap of every account.
    select
        source,
        account_uid,
        hour_no,
        cast(0 as integer) as is_open
    from hours
    union all
    select
        hours.source,
        hours.account_uid,
        watermark.lake_hour + 1 as hour_no,
        cast(1 as integer) as is_open
    from hours
    cross join watermark
    group by hours.source, hours.account_uid, watermark.lake_hour

),

gaps as (

    select
        source,
        account_uid,
        hour_no,
        is_open,
        lag(hour_no) over (partition by source, account_uid order by hour_no, is_open) as last_hour,
        min(hour_no) over (partition by source, account_uid) as first_hour
    from ends

),

usual as (

    select
        source,
        account_uid,
        hour_no,
        is_open,
        first_hour,
        last_hour,
        hour_no - last_hour - 1 as gap_hours,
        max(hour_no - last_hour - 1) over (
            partition by source, account_uid order by hour_no range between 192 preceding and 1 preceding
        ) as gap_recent,
        max(hour_no - last_hour - 1) over (
            partition by source, account_uid order by hour_no range between 384 preceding and 193 preceding
        ) as gap_before
    from gaps

),

judged as (

    select
        source,
        account_uid,
        last_hour,
        hour_no,
        is_open,
        gap_hours,
        case
            when last_hour - first_hour < 192 then 48
            when last_hour - first_hour < 384 then greatest(3, 2 * coalesce(gap_recent, 24))
            else greatest(3, 2 * least(
                coalesce(gap_recent, gap_before, 24), coalesce(gap_before, gap_recent, 24)
            ))
        end as allowed_hours
    from usual
    where last_hour is not null

),

final as (

    select
        source,
        account_uid,
        {{ hour_dt('last_hour + 1') }} as start_dt,
        {{ hour_dt('hour_no') }} as end_dt,
        cast(gap_hours as bigint) as hours,
        cast(allowed_hours as bigint) as allowed_hours,
        is_open = 1 as is_open
    from judged
    where gap_hours > allowed_hours

)

select * from final
