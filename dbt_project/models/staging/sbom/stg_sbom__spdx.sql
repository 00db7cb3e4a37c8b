{{ routes_to(['software_inventory_info', 'base_event']) }}

{# A package is its own text; the document that it stands in is the attribute `fields`. https://spdx.github.io/spdx-spec/v2.3/ #}
{% set own_fields = {
    'SPDXID': 'string', 'name': 'string', 'versionInfo': 'string', 'supplier': 'string', 'originator': 'string',
    'licenseConcluded': 'string', 'licenseDeclared': 'string', 'primaryPackagePurpose': 'string', 'packageFileName': 'string',
    'checksums': [{'algorithm': 'string', 'checksumValue': 'string'}],
    'externalRefs': [{'referenceType': 'string', 'referenceLocator': 'string'}],
} %}
{% set around_fields = {
    'found_in': 'string', 'scan': {'place': 'string', 'sha256': 'string'},
    'document': {
        'documentNamespace': 'string', 'name': 'string', 'creationInfo': {'creators': ['string']}, 'documentDescribes': ['string'],
    },
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'sbom_spdx')) }}

),

kinds as (

    select * from {{ ref('sbom_spdx') }}

),

parsed as (

    select
        records.*,
        {{ around_finding(around_fields) }} as around,
        {{ parse_json('raw', own_fields) }} as own
    from records

),

opened as (

    select
        parsed.*,
        own.name as component_name,
        own.versionInfo as component_version,
        {{ list_item(list_where('own.externalRefs', "item.referenceType = 'purl'"), 1) }}.referenceLocator as component_purl,
        {{ list_item(list_where('own.externalRefs', "item.referenceType in ('cpe23Type', 'cpe22Type')"), 1) }}.referenceLocator
            as component_cpe,
        {{ list_item(list_where('own.checksums', "item.algorithm = 'SHA256'"), 1) }}.checksumValue as component_sha256,
        {{ list_item(list_where('around.document.creationInfo.creators', "item like 'Tool:%'"), 1) }} as made_by
    from parsed

),

judged as (

    select
        opened.*,
        case
            when nullif(own.name, '') is null then coalesce(around.found_in, 'unknown')
            when {{ list_length(list_where('around.document.documentDescribes', 'item = own.SPDXID')) }} > 0 then 'described'
            else 'package'
        end as kind,
        lower(replace(own.primaryPackagePurpose, '_', '-')) as component_type,
        nullif(concat_ws(' ', component_name, component_version), '') as said,
        -- NOASSERTION and NONE say that nothing is said
        coalesce(
            case when own.licenseConcluded not in ('NOASSERTION', 'NONE', '') then own.licenseConcluded end,
            case when own.licenseDeclared not in ('NOASSERTION', 'NONE', '') then own.licenseDeclared end
        ) as component_license,
        nullif(regexp_replace(
            coalesce(nullif(nullif(own.supplier, 'NOASSERTION'), ''), own.originator), '^(Organization|Person): *|^NOASSERTION$', ''
        ), '') as component_supplier,
        own.packageFileName as component_path,
        coalesce(around.document.documentNamespace, around.scan.sha256) as bill_uid,
        cast(null as varchar) as bill_version,
        coalesce(around.document.name, around.scan.place) as bill_name,
        cast(null as varchar) as bill_type,
        cast(null as varchar) as bill_release,
        cast(null as varchar) as bill_purl,
        nullif(trim(regexp_replace(made_by, '^Tool:', '')), '') as bill_tool,
        -- an image's digest, where its tool puts it into the name
        coalesce(
            nullif(regexp_extract(coalesce(around.document.name, ''), 'sha256:[0-9a-f]{64}', 0), ''),
            nullif(around.document.name, ''),
            around.document.documentNamespace, around.scan.place
        ) as bill_of
    from opened

),

classified as (

    select
        judged.*,
        coalesce(kinds.class_uid, 0) as to_class,
        coalesce(kinds.activity_id, 99) as to_activity,
        1 as grade,
        0 as standing
    from judged
    left join kinds on judged.kind = kinds.kind

),

final as (

    select
        {{ software_component_columns('sbom_spdx', 'SPDX', 'SPDX', 1, 'SPDX', own=[
            'name', 'versionInfo', 'supplier', 'originator', 'licenseConcluded', 'licenseDeclared', 'primaryPackagePurpose',
        ]) }}
    from classified

)

select * from final
