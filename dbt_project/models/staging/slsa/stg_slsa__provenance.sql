{{ routes_to(['api_activity', 'base_event']) }}

{#
    A signature that holds says who signed, not that this is who built. The build that the statement tells of must be the
    one whose certificate signed it: in the same repository, and by the builder that it names. One of SLSA's own
    delegators signs for the builder that called it, and whoever owns the repository may name a builder of their own.
    https://slsa.dev/spec/v1.0/verifying-artifacts#step-1-check-slsa-build-level
#}
{% set is_workflow = "builder like 'https://github.com/%/.github/workflows/%'" %}
{% set contradiction %}
            case
                when lower(signer_repository) <> lower(stated_repository)
                    then concat('it tells of a build in ', stated_repository, ', and was signed by one in ', signer_repository)
                when {{ is_workflow }}
                    and builder <> signer
                    and signer not like 'https://github.com/slsa-framework/slsa-github-generator/.github/workflows/delegator_%'
                    and coalesce(
                        regexp_extract(builder, '^https://github[.]com/([^/]+)/', 1) <> regexp_extract(signer_repository, '^([^/]+)/', 1),
                        true
                    )
                    then concat('it names the builder ', builder, ', and was signed by ', signer)
            end
{% endset %}

with

records as (

    select * from {{ new_rows(source('bronze', 'slsa_provenance')) }}

),

kinds as (

    select * from {{ ref('slsa_provenance') }}

),

{{ attested_ctes(contradiction) }},

final as (

    select
        {{ attested_columns('slsa_provenance', 'SLSA provenance') }}
    from classified

)

select * from final
