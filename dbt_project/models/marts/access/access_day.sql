with

{{ access_days() }}

expectations as (

    select
        principal_uid,
        store_type,
        store_uid,
        {%- for operation in access_operations() %}
            {%- for fact in ('expected', 'highest', 'spread') %}
                max(case when operation = '{{ operation }}' then {{ fact }} end) as {{ operation }}_{{ fact }},
            {%- endfor %}
        {%- endfor %}
        day
    from baseline
    group by principal_uid, store_type, store_uid, day

),

final as (

    select
        access_days.event_date,
        -- who and what
        access_days.principal_uid,
        access_days.principal_type,
        access_days.store_type,
        access_days.store_uid,
        access_days.cloud_provider,
        access_days.cloud_account_uids,
        -- how much, from where
        access_days.touches,
        {%- for operation in access_operations() %}
            access_days.{{ operation }},
        {%- endfor %}
        access_days.denied,
        access_days.bytes,
        access_days.networks,
        access_days.network_count,
        access_days.first_seen_dt,
        access_days.last_seen_dt,
        -- against what
        access_days.is_weekend,
        cast(access_days.days_known as integer) as days_known,
        cast(access_days.days_learned as integer) as days_learned,
        {%- for operation in access_operations() %}
            cast(expectations.{{ operation }}_expected as bigint) as {{ operation }}_expected,
            cast(expectations.{{ operation }}_highest as bigint) as {{ operation }}_highest,
            cast(expectations.{{ operation }}_spread as double) as {{ operation }}_spread,
        {%- endfor %}
        access_days.is_new_store
    from access_days
    left join expectations
        on
            access_days.principal_uid = expectations.principal_uid
            and access_days.store_type = expectations.store_type
            and access_days.store_uid = expectations.store_uid
            and access_days.day = expectations.day

)

select * from final
