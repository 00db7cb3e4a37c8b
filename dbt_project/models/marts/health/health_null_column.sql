{#-
    A run of hours in which a column is never filled is a fault where at least twenty filled rows would have been expected
    (the rows of these hours times the column's share over the fourteen days before), and where it is longer than twice
    what is usual: the longest such run of the last eight days or of the eight before, whichever is shorter, in hours that
    have rows. Rows are not independent: a night's batch, or one busy caller, may be of a kind without. While the source
    is known for less than sixteen days only the last eight count; for less than eight, a hundred filled rows must miss.
-#}
with hours as (

    select
        source,
        class_name,
        column_name,
        {{ hour_no('hour_dt') }} as hour_no,
        sum(rows_count) as rows_count,
        sum(filled_count) as filled_count
    from {{ ref('rollup_health_column_hour') }}
    group by source, class_name, column_name, {{ hour_no('hour_dt') }}

),

shares as (

    select
        *,
        min(hour_no) over (partition by source, class_name) as known_from,
        sum(filled_count) over before as filled_before,
        sum(rows_count) over before as rows_before,
        sum(case when filled_count > 0 then 1 else 0 end) over (
            partition by source, class_name, column_name order by hour_no rows between unbounded preceding and current row
        ) as run
    from hours
    window before as (
        partition by source, class_name, column_name order by hour_no range between 336 preceding and 1 preceding
    )

),

runs as (

    select
        source,
        class_name,
        column_name,
        known_from,
        min(hour_no) as first_hour,
        max(hour_no) as last_hour,
        count(*) as run_hours,
        sum(rows_count) as rows_count,
        max(cast(filled_before as double) / rows_before) as usual_share
    from shares
    where filled_count = 0
    group by source, class_name, column_name, known_from, run

),

usual as (

    select
        *,
        max(run_hours) over (
            partition by source, class_name, column_name order by first_hour range between 192 preceding and 1 preceding
        ) as hours_recent,
        max(run_hours) over (
            partition by source, class_name, column_name order by first_hour range between 384 preceding and 193 preceding
        ) as hours_earlier
    from runs

),

judged as (

    select
        *,
        case
            when first_hour - known_from < 384 then coalesce(hours_recent, 0)
            else least(coalesce(hours_recent, 0), coalesce(hours_earlier, 0))
        end as usual_hours,
        case when first_hour - known_from < 192 then 100 else 20 end as expected_at_least
    from usual

),

final as (

    select
        source,
        class_name,
        column_name,
        {{ hour_dt('first_hour') }} as start_dt,
        {{ hour_dt('last_hour + 1') }} as end_dt,
        cast(rows_count as bigint) as rows_count,
        usual_share
    from judged
    where rows_count * usual_share >= expected_at_least and run_hours > 2 * usual_hours

)

select * from final
