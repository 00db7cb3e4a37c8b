{{ routes_to(['vulnerability_finding', 'base_event']) }}

{#
    A match is its own text; the report that it stands in is the attribute `fields`. https://github.com/anchore/grype
    `source.target` is an object for an image, a text for a directory.
#}
{% set match_fields = {
    'vulnerability': {
        'id': 'string', 'dataSource': 'string', 'namespace': 'string', 'severity': 'string', 'description': 'string', 'urls': ['string'],
        'cvss': [{'version': 'string', 'vector': 'string', 'metrics': {'baseScore': 'string'}}],
        'fix': {'versions': ['string'], 'state': 'string'}, 'epss': [{'epss': 'string'}], 'knownExploited': ['json'],
    },
    'relatedVulnerabilities': [{
        'id': 'string', 'description': 'string',
        'cvss': [{'version': 'string', 'vector': 'string', 'metrics': {'baseScore': 'string'}}],
    }],
    'artifact': {
        'name': 'string', 'version': 'string', 'type': 'string', 'purl': 'string', 'locations': [{'path': 'string'}],
    },
} %}
{% set around_fields = {
    'found_in': 'string', 'scan': {'place': 'string'},
    'report': {'source': {'type': 'string', 'target': 'json'}, 'distro': {'name': 'string', 'version': 'string'}},
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'grype')) }}

),

kinds as (

    select * from {{ ref('grype') }}

),

parsed as (

    select
        records.*,
        {{ around_finding(around_fields) }} as around,
        {{ parse_json('raw', match_fields) }} as found
    from records

),

opened as (

    select
        parsed.*,
        found.vulnerability as weakness,
        found.artifact as package,
        {{ list_item('found.artifact.locations', 1) }}.path as path,
        coalesce(
            {{ json_text('around.report.source.target', 'userInput') }}, {{ json_text('around.report.source.target') }}, around.scan.place
        ) as scanned,
        {{ json_text('around.report.source.target', 'repoDigests', 0) }} as digest,
        {{ json_text('around.report.source.target', 'imageID') }} as image,
        {{ severity_of_word('found.vulnerability.severity') }} as grade,
        {{ list_where('found.vulnerability.fix.versions', "item <> ''") }} as fixes,
        {{ list_where('found.relatedVulnerabilities', 'item.id <> found.vulnerability.id') }} as related,
        {{ list_map(
            'found.vulnerability.cvss', cvss_score('item.version', 'item.metrics.baseScore', 'item.vector'),
        ) }} as scores
    from parsed

),

judged as (

    select
        opened.*,
        case
            when nullif(weakness.id, '') is null then coalesce(around.found_in, 'unknown')
            when around.found_in = 'ignoredMatches' then 'ignored'
            else 'match'
        end as kind,
        -- without the scan's time: what the same weakness is known by in the next scan
        concat_ws('/', scanned, weakness.namespace, weakness.id, package.type, package.name, package.version, path) as finding_uid,
        {{ list_of([affected_package(
            "coalesce(package.name, 'unknown')", "coalesce(package.version, '')", 'cast(null as varchar)', 'cast(null as varchar)',
            'cast(null as varchar)', 'package.type', 'path', list_item('fixes', 1),
        )]) }} as packages
    from opened

),

classified as (

    select
        judged.*,
        coalesce(kinds.class_uid, 0) as to_class,
        coalesce(kinds.activity_id, 99) as to_activity,
        case judged.kind when 'ignored' then 3 else 1 end as standing
    from judged
    left join kinds on judged.kind = kinds.kind

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns('grype', 'Grype', 'Anchore', uid='finding_uid', code='kind', profiles=['datetime']) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'kind') }},
        cast(grade as integer) as severity_id,
        {{ severity_name('grade') }} as severity,
        cast(case when to_class = 0 then 0 else standing end as integer) as status_id,
        case when to_class = 0 then 'Unknown' else {{ finding_status_name('standing') }} end as status,
        concat_ws(' ', weakness.id, package.name, package.version) as message,
        -- what was scanned
        coalesce(digest, image, scanned) as resource_uid,
        scanned as resource_name,
        around.report.source.type as resource_type,
        case
            when coalesce(digest, image, scanned) is not null
                then {{ list_of([struct_of({
                    'uid': 'coalesce(digest, image, scanned)', 'name': 'scanned', 'type': 'around.report.source.type',
                    'account_uid': 'cast(null as varchar)',
                })]) }}
        end as resources,
        {{ json_without('raw', ['vulnerability', 'relatedVulnerabilities']) }} as unmapped,
        -- class extras
        case when to_class <> 0 then finding_uid end as finding_info_uid,
        case when to_class <> 0 then concat_ws(' in ', weakness.id, package.name) end as finding_info_title,
        coalesce(weakness.description, {{ list_item('found.relatedVulnerabilities', 1) }}.description) as finding_info_desc,
        case when package.type is not null then {{ list_of(['package.type']) }} end as finding_info_types,
        weakness.id as finding_info_analytic_uid,
        weakness.dataSource as finding_info_src_url,
        event_time as finding_info_last_seen_dt,
        weakness.urls as remediation_references,
        case to_class
            when 2002 then {{ list_of([vulnerability(
                'weakness.id', 'cast(null as varchar)', 'weakness.severity', list_where('scores', 'item.base_score is not null'),
                list_item('weakness.epss', 1) ~ '.epss', 'packages', list_map('related', 'item.id'), 'weakness.namespace',
                "weakness.fix.state = 'fixed' or " ~ list_length('fixes') ~ ' > 0',
                'case when ' ~ list_length('weakness.knownExploited') ~ ' > 0 then true end',
            )]) }}
        end as vulnerabilities
    from classified

)

select * from final
