{% set classes = [
    ref('ocsf_api_activity'), ref('ocsf_datastore_activity'), ref('ocsf_authentication'), ref('ocsf_account_change'),
    ref('ocsf_user_access'),
] %}

with

calls as (
    {%- for class in classes %}
        {{ 'union all' if not loop.first }}
        select
            event_date,
            source,
            {{ principal_of() }} as principal,
            status_id
        from {{ new_rows(class) }}
        where cloud_provider is not null
    {%- endfor %}

),

final as (

    select
        calls.event_date,
        calls.source,
        calls.principal,
        count(*) as calls,
        count(case when calls.status_id = 2 then 1 end) as failed
    from calls
    where calls.principal is not null
    group by calls.event_date, calls.source, calls.principal

)

select * from final
