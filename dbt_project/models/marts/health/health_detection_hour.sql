with intervals as (

    select * from {{ ref('health_detection') }}

),

hours as (

    select
        detection,
        account_uid,
        state,
        reason,
        {{ one_row_each(numbers_between(hour_no('start_dt'), hour_no('end_dt') ~ ' - 1')) }} as hour_no
    from intervals

),

final as (

    select
        detection,
        account_uid,
        {{ hour_dt('hour_no') }} as hour_dt,
        state,
        reason
    from hours

)

select * from final
