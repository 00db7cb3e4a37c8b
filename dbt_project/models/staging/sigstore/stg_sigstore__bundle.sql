{{ routes_to(['api_activity', 'base_event']) }}

with

records as (

    select * from {{ new_rows(source('bronze', 'sigstore_bundle')) }}

),

kinds as (

    select * from {{ ref('sigstore_bundle') }}

),

{{ attested_ctes() }},

final as (

    select
        {{ attested_columns('sigstore_bundle', 'Sigstore') }}
    from classified

)

select * from final
