{#
    What both access marts begin with: CTEs from the parts of rollup_access_day to `access_days`, a row for each
    principal, store and day. Days are UTC. A row on day d follows from the parts of the days d - 35 to d:
    what is said about d itself looks back 28 days, and so does what is said about the seven days before it.
#}
{% macro access_days() -%}
{%- set key = ['principal_uid', 'store_type', 'store_uid'] -%}
{%- set within = 'range between ' ~ access_lookback_days() ~ ' preceding and 1 preceding' -%}
{%- set lately = 'range between ' ~ access_settled_days() ~ ' preceding and 1 preceding' -%}
parts as (

    select * from {{ seen_rows(ref('rollup_access_day')) }}

),

stores as (

    select
        {{ key | join(',\n        ') }},
        event_date,
        {{ epoch_day('event_date') }} as day,
        max(principal_type) as principal_type,
        max(cloud_provider) as cloud_provider,
        {{ distinct_texts('cloud_account_uid') }} as cloud_account_uids,
        {{ distinct_texts('network') }} as networks,
        cast(count(distinct network) as bigint) as network_count,
        {%- for sum in ['touches'] + access_operations() + ['denied', 'bytes'] %}
        cast(sum({{ sum }}) as bigint) as {{ sum }},
        {%- endfor %}
        min(first_seen_dt) as first_seen_dt,
        max(last_seen_dt) as last_seen_dt
    from parts
    group by {{ key | join(', ') }}, event_date

),

-- What the principal had touched, anything at all, when the day began.
principals as (

    select
        active.principal_uid,
        active.day,
        min(active.day) over (partition by active.principal_uid order by active.day {{ within }}) as first_day,
        coalesce(
            max(case when {{ is_weekend('active.day') }} then 1 else 0 end) over (
                partition by active.principal_uid order by active.day {{ within }}
            ),
            0
        ) = 1 as has_worked_weekends
    from (select distinct principal_uid, day from stores) as active

),

-- First touches within the lookback. A principal that makes one now and then is still finding its stores.
first_stores as (

    select
        touched.{{ key | join(', touched.') }},
        touched.day,
        touched.is_first_touch,
        coalesce(
            sum(case when touched.is_first_touch then 1 else 0 end) over (
                partition by touched.principal_uid order by touched.day {{ lately }}
            ),
            0
        ) as first_touches_lately
    from (
        select
            {{ key | join(', ') }},
            day,
            count(*) over (partition by {{ key | join(', ') }} order by day {{ within }}) = 0 as is_first_touch
        from stores
    ) as touched

),

-- The same of networks: from where the principal comes to any store.
network_days as (

    select
        came.principal_uid,
        came.network,
        came.day,
        came.is_first_network,
        coalesce(
            sum(case when came.is_first_network then 1 else 0 end) over (
                partition by came.principal_uid order by came.day {{ lately }}
            ),
            0
        ) as first_networks_lately
    from (
        select
            principal_uid,
            network,
            day,
            count(*) over (partition by principal_uid, network order by day {{ within }}) = 0 as is_first_network
        from (
            select distinct
                principal_uid,
                network,
                {{ epoch_day('event_date') }} as day
            from parts
            where network is not null
        ) as distinct_networks
    ) as came

),

new_networks as (

    select
        network_days.principal_uid,
        network_days.network,
        network_days.day
    from network_days
    inner join principals
        on network_days.principal_uid = principals.principal_uid
        and network_days.day = principals.day
    where network_days.is_first_network
        and network_days.first_networks_lately = 0
        and principals.day - principals.first_day >= {{ access_learning_days() }}

),

totals as (
    {%- for operation in access_operations() %}
    {{ 'union all' if not loop.first }}
    select
        {%- for column in key %}
        stores.{{ column }},
        {%- endfor %}
        '{{ operation }}' as operation,
        stores.day,
        principals.first_day,
        stores.{{ operation }} as total
    from stores
    inner join principals
        on stores.principal_uid = principals.principal_uid
        and stores.day = principals.day
    where stores.{{ operation }} > 0
    {%- endfor %}

),

{{ daily_baseline('baseline', 'totals', key + ['operation'], access_lookback_days()) }}

access_days as (

    select
        stores.*,
        principals.first_day,
        coalesce(principals.day - principals.first_day, 0) as days_known,
        {{ days_of_kind('principals.day', 'principals.first_day') }} as days_learned,
        coalesce(principals.day - principals.first_day >= {{ access_learning_days() }}, false) as is_known,
        principals.has_worked_weekends,
        {{ is_weekend('stores.day') }} as is_weekend,
        coalesce(
            first_stores.is_first_touch
            and first_stores.first_touches_lately = 0
            and principals.day - principals.first_day >= {{ access_learning_days() }},
            false
        ) as is_new_store
    from stores
    inner join principals
        on stores.principal_uid = principals.principal_uid
        and stores.day = principals.day
    inner join first_stores
        on stores.principal_uid = first_stores.principal_uid
        and stores.store_type = first_stores.store_type
        and stores.store_uid = first_stores.store_uid
        and stores.day = first_stores.day

),
{%- endmacro %}

{% macro access_operations() -%} {{ return(['reads', 'writes', 'deletes', 'lists']) }} {%- endmacro %}

{# Days before a day that tell what is usual: four weeks, in which a weekend has eight. #}
{% macro access_lookback_days() -%} {{ return(28) }} {%- endmacro %}

{# Days for which a principal must be known before anything that it does is unusual. #}
{% macro access_learning_days() -%} {{ return(10) }} {%- endmacro %}

{# Days without a first touch after which a principal is taken to know its stores, and its networks. #}
{% macro access_settled_days() -%} {{ return(7) }} {%- endmacro %}
