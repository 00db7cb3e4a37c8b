{{ routes_to(['vulnerability_finding', 'base_event']) }}

{#
    An alert is its own text; the webhook's body or the answer that it stands in is the attribute `fields`. REST and GraphQL name
    the same things otherwise. https://docs.github.com/rest/dependabot/alerts
#}
{% set alert_fields = {
    'number': 'string', 'state': 'string', 'url': 'string', 'html_url': 'string', 'created_at': 'string', 'updated_at': 'string',
    'dismissed_by': {'login': 'string', 'id': 'string'}, 'dismissed_reason': 'string', 'dismissed_comment': 'string',
    'repository': {'full_name': 'string'},
    'dependency': {'package': {'ecosystem': 'string', 'name': 'string'}, 'manifest_path': 'string'},
    'security_advisory': {
        'ghsa_id': 'string', 'cve_id': 'string', 'summary': 'string', 'description': 'string', 'severity': 'string',
        'cvss': {'vector_string': 'string', 'score': 'string'}, 'epss': {'percentage': 'string'}, 'references': [{'url': 'string'}],
    },
    'security_vulnerability': {
        'severity': 'string', 'vulnerable_version_range': 'string', 'first_patched_version': {'identifier': 'string'},
    },
    'id': 'string', 'createdAt': 'string', 'vulnerableManifestPath': 'string', 'vulnerableManifestFilename': 'string',
    'vulnerableRequirements': 'string', 'dismissReason': 'string', 'fixedAt': 'string', 'dismissedAt': 'string',
    'securityVulnerability': {
        'severity': 'string', 'package': {'name': 'string', 'ecosystem': 'string'}, 'firstPatchedVersion': {'identifier': 'string'},
        'vulnerableVersionRange': 'string',
        'advisory': {
            'summary': 'string', 'description': 'string', 'cvss': {'vectorString': 'string', 'score': 'string'},
            'epss': {'percentage': 'string'}, 'identifiers': [{'type': 'string', 'value': 'string'}], 'references': [{'url': 'string'}],
        },
    },
} %}
{% set around_fields = {
    'event': {'action': 'string', 'repository': {'full_name': 'string'}, 'organization': {'login': 'string'}},
    'repository': {'name': 'string', 'nameWithOwner': 'string', 'url': 'string'},
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'github_dependabot')) }}

),

kinds as (

    select * from {{ ref('github_dependabot') }}

),

parsed as (

    select
        records.*,
        {{ around_finding(around_fields) }} as around,
        {{ parse_json('raw', alert_fields) }} as alert
    from records

),

opened as (

    select
        parsed.*,
        alert.security_advisory as advisory,
        alert.securityVulnerability.advisory as answered,
        {{ list_where('alert.securityVulnerability.advisory.identifiers', "item.type = 'CVE'") }} as cves,
        {{ list_where('alert.securityVulnerability.advisory.identifiers', "item.type = 'GHSA'") }} as ghsas,
        coalesce(
            around.event.repository.full_name, alert.repository.full_name,
            nullif(split_part(split_part(alert.url, '/repos/', 2), '/dependabot/', 1), ''),
            around.repository.nameWithOwner, around.repository.name
        ) as repository,
        -- an answer may be asked for without the state, which times tell
        lower(coalesce(
            alert.state, case when alert.fixedAt is not null then 'fixed' when alert.dismissedAt is not null then 'dismissed' end
        )) as standing_word,
        coalesce(alert.dependency.package.name, alert.securityVulnerability.package.name) as package,
        coalesce(alert.dependency.package.ecosystem, lower(alert.securityVulnerability.package.ecosystem)) as ecosystem,
        coalesce(
            alert.dependency.manifest_path, alert.vulnerableManifestPath, alert.vulnerableManifestFilename
        ) as manifest,
        coalesce(alert.security_vulnerability.severity, alert.securityVulnerability.severity, alert.security_advisory.severity) as word,
        coalesce(
            alert.security_vulnerability.first_patched_version.identifier, alert.securityVulnerability.firstPatchedVersion.identifier
        ) as fixed_in,
        coalesce(
            alert.vulnerableRequirements, alert.security_vulnerability.vulnerable_version_range,
            alert.securityVulnerability.vulnerableVersionRange
        ) as version_range,
        coalesce(alert.url, alert.id) as finding_uid
    from parsed

),

judged as (

    select
        opened.*,
        coalesce(
            nullif(advisory.cve_id, ''), {{ list_item('cves', 1) }}.value, nullif(advisory.ghsa_id, ''), {{ list_item('ghsas', 1) }}.value
        ) as weakness,
        coalesce(advisory.summary, answered.summary) as title,
        case
            when around.event.action = 'created' then 'new'
            when standing_word is null and alert.securityVulnerability is not null then 'open'
            when standing_word = 'open' and alert.created_at = alert.updated_at then 'new'
            else coalesce(standing_word, 'unknown')
        end as kind,
        {{ severity_of_word('word') }} as grade,
        {{ list_of([cvss_score(
            cvss_version('coalesce(advisory.cvss.vector_string, answered.cvss.vectorString)'),
            'coalesce(advisory.cvss.score, answered.cvss.score)', 'coalesce(advisory.cvss.vector_string, answered.cvss.vectorString)',
        )]) }} as scores,
        {{ list_of([affected_package(
            "coalesce(package, 'unknown')", "coalesce(version_range, '')", 'cast(null as varchar)', 'cast(null as varchar)',
            'cast(null as varchar)', 'ecosystem', 'manifest', 'fixed_in',
        )]) }} as packages
    from opened

),

classified as (

    select
        judged.*,
        case when judged.weakness is null or judged.finding_uid is null then 0 else coalesce(kinds.class_uid, 0) end as to_class,
        case when judged.weakness is null or judged.finding_uid is null then 99 else coalesce(kinds.activity_id, 99) end as to_activity,
        case judged.kind when 'fixed' then 4 when 'dismissed' then 3 when 'auto_dismissed' then 3 else 1 end as standing
    from judged
    left join kinds on judged.kind = kinds.kind

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            'github_dependabot', 'Dependabot', 'GitHub', uid='finding_uid', code='kind', profiles=['datetime'],
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'kind') }},
        cast(grade as integer) as severity_id,
        {{ severity_name('grade') }} as severity,
        cast(case when to_class = 0 then 0 else standing end as integer) as status_id,
        case when to_class = 0 then 'Unknown' else {{ finding_status_name('standing') }} end as status,
        coalesce(alert.dismissed_reason, alert.dismissReason) as status_code,
        alert.dismissed_comment as status_detail,
        title as message,
        -- who dismissed it
        alert.dismissed_by.login as actor_user_name,
        alert.dismissed_by.id as actor_user_uid,
        -- the repository
        repository as resource_uid,
        repository as resource_name,
        case when repository is not null then 'repository' end as resource_type,
        case
            when repository is not null
                then {{ list_of([struct_of({
                    'uid': 'repository', 'name': 'repository', 'type': "'repository'", 'account_uid': 'around.event.organization.login',
                })]) }}
        end as resources,
        {{ json_without('raw', ['security_advisory', 'securityVulnerability', 'security_vulnerability', 'repository']) }} as unmapped,
        -- class extras
        case when to_class <> 0 then finding_uid end as finding_info_uid,
        case when to_class <> 0 then coalesce(title, weakness) end as finding_info_title,
        coalesce(advisory.description, answered.description) as finding_info_desc,
        weakness as finding_info_analytic_uid,
        alert.html_url as finding_info_src_url,
        {{ timestamp_of_text('coalesce(alert.created_at, alert.createdAt)') }} as finding_info_created_dt,
        event_time as finding_info_modified_dt,
        coalesce(
            {{ list_map('advisory.references', 'item.url') }}, {{ list_map('answered.references', 'item.url') }}
        ) as remediation_references,
        case to_class
            when 2002 then {{ list_of([vulnerability(
                'weakness', 'title', 'word', list_where('scores', 'item.base_score > 0'),
                'coalesce(advisory.epss.percentage, answered.epss.percentage)', 'packages', 'cast(null as varchar[])', "'GitHub'",
                'fixed_in is not null', 'cast(null as boolean)',
            )]) }}
        end as vulnerabilities
    from classified

)

select * from final
