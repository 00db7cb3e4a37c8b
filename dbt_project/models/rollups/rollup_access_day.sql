with

touches as (
    {{ access_rows('new') }}

),

final as (

    select
        event_date,
        source,
        cloud_provider,
        cloud_account_uid,
        principal_uid,
        principal_type,
        store_type,
        store_uid,
        network,
        cast(count(*) as bigint) as touches,
        {%- for operation in ('reads', 'writes', 'deletes', 'lists') %}
            cast(sum(case when operation = '{{ operation }}' and not is_denied then 1 else 0 end) as bigint) as {{ operation }},
        {%- endfor %}
        cast(sum(case when is_denied then 1 else 0 end) as bigint) as denied,
        cast(sum(case when is_denied then 0 else bytes end) as bigint) as bytes,
        min(time_dt) as first_seen_dt,
        max(time_dt) as last_seen_dt
    from touches
    group by event_date, source, cloud_provider, cloud_account_uid, principal_uid, principal_type, store_type, store_uid, network

)

select * from final
