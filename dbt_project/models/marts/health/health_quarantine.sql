with entries as (

    select * from {{ ref('health_quarantine_entry') }}

),

final as (

    select
        source,
        reason,
        cast(sum(case when status = 'open' then 1 else 0 end) as bigint) as open_count,
        count(*) as total_count,
        max(quarantined_at) as newest_dt
    from entries
    group by source, reason

)

select * from final
