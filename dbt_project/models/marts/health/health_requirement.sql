with requirements as (

    select * from {{ ref('requirements') }}

),

answers as (

    {{ requirement_answers() }}

),

answered as (

    select
        requirement_id,
        count(distinct name) as answer_count,
        {{ distinct_texts("case when kind = 'detection' then name end", 1000) }} as detections,
        {{ distinct_texts("case when kind = 'mart' then name end", 1000) }} as marts
    from answers
    group by requirement_id

),

final as (

    select
        cast(requirements.requirement_id as string) as requirement_id,
        cast(requirements.kind as string) as kind,
        cast(requirements.title as string) as title,
        cast(requirements.behaviours as integer) as behaviours,
        coalesce(answered.detections, {{ no_texts() }}) as detections,
        coalesce(answered.marts, {{ no_texts() }}) as marts,
        case
            when answered.answer_count >= requirements.behaviours then 'answered'
            when answered.answer_count > 0 then 'partly'
            else 'not yet'
        end as state
    from requirements
    left join answered on requirements.requirement_id = answered.requirement_id

)

select * from final
