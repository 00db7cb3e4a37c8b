{{ routes_to(['api_activity', 'base_event']) }}

with

records as (

    select * from {{ new_rows(source('bronze', 'github_actions')) }}

),

kinds as (

    select * from {{ ref('github_actions') }}

),

{{ github_objects_ctes() }},

final as (

    select
        {{ github_objects_columns('github_actions', 'Actions') }}
    from classified

)

select * from final
