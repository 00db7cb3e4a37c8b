{{ routes_to(['vulnerability_finding', 'base_event']) }}

{#
    An OSV entry is its own text; the package, result and report that it stands in are the attribute `fields`.
    https://ossf.github.io/osv-schema/ https://google.github.io/osv-scanner/output/
#}
{% set entry_fields = {
    'id': 'string', 'aliases': ['string'], 'summary': 'string', 'details': 'string', 'withdrawn': 'string',
    'severity': [{'score': 'string'}], 'affected': [{'package': {'name': 'string'}, 'ranges': [{'type': 'string', 'events': [{'fixed': 'string'}]}]}],
    'references': [{'url': 'string'}], 'database_specific': {'severity': 'string'},
} %}
{% set around_fields = {
    'found_in': 'string', 'scan': {'place': 'string'},
    'result': {'source': {'path': 'string', 'type': 'string'}},
    'package': {
        'package': {'name': 'string', 'version': 'string', 'ecosystem': 'string'},
        'groups': [{'ids': ['string'], 'max_severity': 'string'}],
    },
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'osv_scanner')) }}

),

kinds as (

    select * from {{ ref('osv_scanner') }}

),

parsed as (

    select
        records.*,
        {{ around_finding(around_fields) }} as around,
        {{ parse_json('raw', entry_fields) }} as entry
    from records

),

opened as (

    select
        parsed.*,
        around.package.package as dependency,
        around.result.source as place,
        -- a CVE where the entry is known by one: it is what other scanners call the same weakness
        coalesce({{ list_item(list_where('entry.aliases', "item like 'CVE-%'"), 1) }}, entry.id) as weakness,
        -- an advisory may be of several packages, and of several versions of each
        flatten({{ list_map(
            list_where(
                'entry.affected',
                'item.ranges is not null and coalesce(lower(item.package.name) = lower(around.package.package.name), true)',
            ), 'item.ranges',
        ) }}) as ranges,
        -- a package has a group for each weakness that it has
        {{ list_where('around.package.groups', list_position('item.ids', 'entry.id') ~ ' is not null') }} as own_groups,
        {{ list_item('entry.severity', 1) }}.score as vector,
        entry.database_specific.severity as word
    from parsed

),

scored as (

    select
        opened.*,
        -- as many as there are versions that are maintained; a commit is no version of a package
        nullif({{ joined_texts(distinct_items(list_map(list_where(
            'flatten(' ~ list_map(list_where('ranges', "item.events is not null and coalesce(item.type, '') <> 'GIT'"), 'item.events') ~ ')',
            'item.fixed is not null',
        ), 'item.fixed'))) }}, '') as fixed_in,
        try_cast({{ list_item('own_groups', 1) }}.max_severity as double) as score
    from opened

),

judged as (

    select
        scored.*,
        case
            when nullif(entry.id, '') is null then coalesce(around.found_in, 'unknown')
            when entry.withdrawn is not null then 'withdrawn'
            when entry.id like 'MAL-%' then 'malicious'
            else 'vulnerability'
        end as kind,
        case
            when word is not null then {{ severity_of_word('word') }}
            when entry.id like 'MAL-%' then 5
            when score >= 9 then 5
            when score >= 7 then 4
            when score >= 4 then 3
            when score > 0 then 2
            else 0
        end as grade,
        -- without the scan: what the same weakness is known by in the next one
        concat_ws('/', around.scan.place, place.path, entry.id, dependency.ecosystem, dependency.name, dependency.version) as finding_uid,
        {{ list_of([affected_package(
            "coalesce(dependency.name, 'unknown')", "coalesce(dependency.version, '')", 'cast(null as varchar)', 'cast(null as varchar)',
            'cast(null as varchar)', 'dependency.ecosystem', 'place.path', 'fixed_in',
        )]) }} as packages,
        {{ list_of([cvss_score(cvss_version('vector'), 'score', 'vector')]) }} as scores
    from scored

),

classified as (

    select
        judged.*,
        coalesce(kinds.class_uid, 0) as to_class,
        coalesce(kinds.activity_id, 99) as to_activity,
        case judged.kind when 'withdrawn' then 4 else 1 end as standing
    from judged
    left join kinds on judged.kind = kinds.kind

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns('osv_scanner', 'OSV-Scanner', 'Google', uid='finding_uid', code='kind', profiles=['datetime']) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'kind') }},
        cast(grade as integer) as severity_id,
        {{ severity_name('grade') }} as severity,
        cast(case when to_class = 0 then 0 else standing end as integer) as status_id,
        case when to_class = 0 then 'Unknown' else {{ finding_status_name('standing') }} end as status,
        entry.summary as message,
        -- what was scanned
        coalesce(place.path, around.scan.place) as resource_uid,
        coalesce(place.path, around.scan.place) as resource_name,
        place.type as resource_type,
        case
            when coalesce(place.path, around.scan.place) is not null
                then {{ list_of([struct_of({
                    'uid': 'coalesce(place.path, around.scan.place)', 'name': 'coalesce(place.path, around.scan.place)',
                    'type': 'place.type', 'account_uid': 'cast(null as varchar)',
                })]) }}
        end as resources,
        {{ json_without('raw', ['id', 'summary', 'details', 'references', 'affected', 'published', 'modified']) }} as unmapped,
        -- class extras
        case when to_class <> 0 then finding_uid end as finding_info_uid,
        case when to_class <> 0 then coalesce(nullif(entry.summary, ''), entry.id) end as finding_info_title,
        entry.details as finding_info_desc,
        case when kind = 'malicious' then {{ list_of(["'malicious package'"]) }} end as finding_info_types,
        entry.id as finding_info_analytic_uid,
        event_time as finding_info_last_seen_dt,
        {{ list_map('entry.references', 'item.url') }} as remediation_references,
        case to_class
            when 2002 then {{ list_of([vulnerability(
                'weakness', 'entry.summary', 'word', list_where('scores', 'item.base_score is not null'), 'cast(null as varchar)',
                'packages', 'entry.aliases', "split_part(entry.id, '-', 1)", 'fixed_in is not null', 'cast(null as boolean)',
            )]) }}
        end as vulnerabilities
    from classified

)

select * from final
