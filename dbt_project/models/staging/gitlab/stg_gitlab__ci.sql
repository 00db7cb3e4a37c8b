{{ routes_to(['api_activity', 'base_event']) }}

with

records as (

    select * from {{ new_rows(source('bronze', 'gitlab_ci')) }}

),

kinds as (

    select * from {{ ref('gitlab_ci') }}

),

{{ gitlab_objects_ctes() }},

final as (

    select
        {{ gitlab_objects_columns('gitlab_ci') }}
    from classified

)

select * from final
