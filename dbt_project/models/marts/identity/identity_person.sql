{{ config(materialized='lake_view') }}

with

logins as (

    select * from {{ ref('identity_login') }}

),

final as (

    select
        person_uid,
        max(case when method = 'directory_record' then display_name end) as name,
        max(email) as email,
        {%- for provider in ('okta', 'aws', 'gcp', 'azure', 'github') %}
            coalesce(
                {{ distinct_texts("case when login_kind like '" ~ provider ~ "%' then login_name end") }}, {{ no_texts() }}
            ) as {{ provider }}_logins,
        {%- endfor %}
        cast(count(*) as bigint) as login_count,
        cast(min(confidence_id) as integer) as confidence_id,
        coalesce({{ distinct_texts('flag') }}, {{ no_texts() }}) as flags,
        min(first_seen_dt) as first_seen_dt,
        max(last_seen_dt) as last_seen_dt
    from logins
    where person_uid is not null
    group by person_uid

)

select * from final
