{{ routes_to(['software_inventory_info', 'vulnerability_finding', 'base_event']) }}

{#
    A component, or a vulnerability, is its own text; the bill that it stands in is the attribute `fields`.
    https://cyclonedx.org/docs/1.6/json/
#}
{% set hash = {'alg': 'string', 'content': 'string'} %}
{% set license = {'license': {'id': 'string', 'name': 'string'}, 'expression': 'string'} %}
{% set own_fields = {
    'type': 'string', 'group': 'string', 'name': 'string', 'version': 'string', 'purl': 'string', 'cpe': 'string', 'publisher': 'string',
    'supplier': {'name': 'string'}, 'hashes': [hash], 'licenses': [license],
    'evidence': {'occurrences': [{'location': 'string'}]},
    'id': 'string', 'description': 'string', 'recommendation': 'string', 'source': {'name': 'string', 'url': 'string'},
    'ratings': [{'severity': 'string', 'score': 'string', 'method': 'string', 'vector': 'string'}],
    'references': [{'id': 'string'}], 'cwes': ['string'], 'advisories': [{'url': 'string'}],
    'affects': [{'ref': 'string', 'versions': [{'version': 'string', 'status': 'string'}]}],
    'analysis': {'state': 'string', 'justification': 'string', 'detail': 'string'},
} %}
{% set around_fields = {
    'found_in': 'string', 'scan': {'place': 'string', 'sha256': 'string'},
    'bom': {
        'serialNumber': 'string', 'version': 'string',
        'metadata': {
            'tools': 'json',
            'component': {
                'type': 'string', 'group': 'string', 'name': 'string', 'version': 'string', 'purl': 'string', 'hashes': [hash],
            },
        },
    },
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'sbom_cyclonedx')) }}

),

kinds as (

    select * from {{ ref('sbom_cyclonedx') }}

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
        around.bom.metadata.component as subject,
        {{ list_item(list_where('own.hashes', "item.alg = 'SHA-256'"), 1) }}.content as component_sha256,
        {{ list_item(list_where('own.ratings', "item.severity is not null and item.severity not in ('none', 'unknown')"), 1) }}.severity
            as rated,
        {{ list_where(list_map('own.ratings', cvss_score(
            "case item.method when 'CVSSv2' then '2.0' when 'CVSSv3' then '3.0' when 'CVSSv31' then '3.1' when 'CVSSv4' then '4.0' end",
            'item.score', 'item.vector',
        )), 'item.base_score is not null and item.version is not null') }} as scores,
        {{ list_where('own.affects', 'item.ref is not null') }} as affected,
        coalesce(
            {{ json_text('around.bom.metadata.tools', 'components', 0, 'name') }}, {{ json_text('around.bom.metadata.tools', 0, 'name') }}
        ) as bill_tool
    from parsed

),

judged as (

    select
        opened.*,
        case
            when nullif(own.id, '') is not null and own.type is null then 'vulnerability'
            when nullif(own.name, '') is not null then 'component'
            else coalesce(around.found_in, 'unknown')
        end as kind,
        concat_ws('/', nullif(own.group, ''), own.name) as component_name,
        own.version as component_version,
        own.purl as component_purl,
        own.cpe as component_cpe,
        own.type as component_type,
        nullif({{ joined_texts(list_where(
            list_map('own.licenses', 'coalesce(item.expression, item.license.id, item.license.name)'), 'item is not null',
        )) }}, '') as component_license,
        coalesce(own.supplier.name, own.publisher) as component_supplier,
        {{ list_item('own.evidence.occurrences', 1) }}.location as component_path,
        coalesce(around.bom.serialNumber, around.scan.sha256) as bill_uid,
        around.bom.version as bill_version,
        coalesce(nullif(concat_ws('/', nullif(subject.group, ''), subject.name), ''), around.scan.place) as bill_name,
        subject.type as bill_type,
        subject.version as bill_release,
        subject.purl as bill_purl,
        -- an image's digest, however its tool writes it
        coalesce(
            nullif(regexp_extract(coalesce(subject.version, ''), '^sha256:[0-9a-f]{64}$', 0), ''),
            'sha256:' || nullif(regexp_extract(coalesce(subject.purl, ''), '@sha256(?::|%3A)([0-9a-f]{64})', 1), ''),
            subject.purl,
            nullif(concat_ws('@', subject.name, subject.version), ''),
            around.scan.place
        ) as bill_of,
        coalesce(own.analysis.state, '') as verdict,
        case when own.id is not null then {{ severity_of_word('rated') }} else 1 end as grade
    from opened

),

matched as (

    select
        judged.*,
        coalesce(kinds.class_uid, 0) as to_class,
        coalesce(kinds.activity_id, 99) as to_activity
    from judged
    left join kinds on judged.kind = kinds.kind

),

classified as (

    select
        matched.*,
        case verdict
            when 'not_affected' then 3
            when 'false_positive' then 3
            when 'resolved' then 4
            when 'resolved_with_pedigree' then 4
            when 'in_triage' then 2
            else 1
        end as standing,
        case
            when kind = 'vulnerability' then concat_ws(' ', own.id, nullif(verdict, ''), {{ list_item('affected', 1) }}.ref)
            when kind = 'component' then concat_ws(' ', component_name, component_version)
        end as said,
        {{ list_map('affected', affected_package(
            'item.ref',
            'coalesce('
            ~ list_item(list_where('item.versions', "item.version is not null and coalesce(item.status, '') <> 'unaffected'"), 1)
            ~ ".version, '')",
            'cast(null as varchar)', 'cast(null as varchar)', 'cast(null as varchar)', 'cast(null as varchar)', 'cast(null as varchar)',
            'cast(null as varchar)',
        )) }} as packages
    from matched

),

final as (

    select
        {{ software_component_columns('sbom_cyclonedx', 'CycloneDX', 'OWASP', 2, 'CycloneDX', own=[
            'type', 'group', 'name', 'version', 'purl', 'cpe', 'publisher', 'supplier', 'licenses', 'components', 'id', 'description',
        ]) }},
        case when to_class = 2002 then concat_ws('/', bill_of, own.id, {{ list_item('affected', 1) }}.ref) end as finding_info_uid,
        case when to_class = 2002 then concat_ws(' in ', own.id, bill_name) end as finding_info_title,
        case when to_class = 2002 then own.description end as finding_info_desc,
        case when to_class = 2002 then own.id end as finding_info_analytic_uid,
        case when to_class = 2002 then own.source.url end as finding_info_src_url,
        case when to_class = 2002 then event_time end as finding_info_last_seen_dt,
        case when to_class = 2002 then own.recommendation end as remediation_desc,
        case to_class
            when 2002 then {{ list_of([vulnerability(
                'own.id', 'cast(null as varchar)', 'rated', 'scores', 'cast(null as varchar)', 'packages',
                list_map('own.references', 'item.id'), 'own.source.name', 'cast(null as boolean)', 'cast(null as boolean)',
            )]) }}
        end as vulnerabilities
    from classified

)

select * from final
