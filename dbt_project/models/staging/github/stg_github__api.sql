{{ routes_to(['api_activity', 'base_event']) }}

with

records as (

    select * from {{ new_rows(source('bronze', 'github_api')) }}

),

kinds as (

    select * from {{ ref('github_api') }}

),

{{ github_objects_ctes() }},

final as (

    select
        {{ github_objects_columns('github_api', 'API') }}
    from classified

)

select * from final
