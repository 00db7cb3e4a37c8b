{{ routes_to(['vulnerability_finding', 'compliance_finding', 'base_event']) }}

{#
    A finding is its own text; the report and the result that it stands in are the attribute `fields`. The command line and the
    operator name the same things in different case. https://trivy.dev/latest/docs/configuration/reporting/
#}
{% set finding_fields = {
    'VulnerabilityID': 'string', 'PkgName': 'string', 'PkgPath': 'string', 'InstalledVersion': 'string', 'FixedVersion': 'string',
    'PrimaryURL': 'string', 'Title': 'string', 'Description': 'string', 'Severity': 'string', 'SeveritySource': 'string',
    'References': ['string'], 'DataSource': {'Name': 'string'},
    'CVSS': {
        'nvd': {'V3Score': 'string', 'V3Vector': 'string', 'V2Score': 'string', 'V2Vector': 'string'},
        'ghsa': {'V3Score': 'string', 'V3Vector': 'string'},
        'redhat': {'V3Score': 'string', 'V3Vector': 'string'},
    },
    'ID': 'string', 'Type': 'string', 'Message': 'string', 'Resolution': 'string', 'Status': 'string',
    'CauseMetadata': {'Resource': 'string'},
} %}
{% set operator_fields = {
    'vulnerabilityID': 'string', 'resource': 'string', 'installedVersion': 'string', 'fixedVersion': 'string', 'score': 'string',
    'primaryLink': 'string', 'title': 'string', 'description': 'string', 'severity': 'string', 'target': 'string',
    'checkID': 'string', 'success': 'string', 'messages': ['string'], 'remediation': 'string', 'category': 'string',
    'id': 'string', 'name': 'string', 'totalFail': 'string',
} %}
{% set around_fields = {
    'found_in': 'string', 'scan': {'place': 'string'},
    'report': {
        'ArtifactName': 'string', 'ArtifactType': 'string', 'Namespace': 'string', 'Kind': 'string', 'Name': 'string',
        'Metadata': {'ImageID': 'string', 'RepoDigests': ['string']},
        'artifact': {'repository': 'string', 'tag': 'string', 'digest': 'string'}, 'registry': {'server': 'string'},
    },
    'cluster': {'ClusterName': 'string'},
    'resource': {'Namespace': 'string', 'Kind': 'string', 'Name': 'string'},
    'object': {'kind': 'string', 'metadata': {'namespace': 'string', 'name': 'string'}},
    'result': {'Target': 'string', 'Class': 'string', 'Type': 'string'},
    'summary': {'title': 'string'}, 'detail': {'title': 'string'}, 'control': {'id': 'string', 'severity': 'string'},
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'trivy')) }}

),

kinds as (

    select * from {{ ref('trivy') }}

),

parsed as (

    select
        records.*,
        {{ around_finding(around_fields) }} as around,
        -- what was set aside holds the finding that it would have been
        coalesce({{ json_at('raw', '$.Finding') }}, raw) as body
    from records

),

opened as (

    select
        parsed.*,
        {{ parse_json('body', finding_fields) }} as finding,
        {{ parse_json('body', operator_fields) }} as operator
    from parsed

),

named as (

    select
        opened.*,
        around.found_in as member,
        nullif(coalesce(finding.VulnerabilityID, operator.vulnerabilityID), '') as weakness,
        nullif(coalesce(finding.ID, operator.checkID, operator.id), '') as control,
        coalesce(finding.PkgName, operator.resource) as package,
        coalesce(finding.InstalledVersion, operator.installedVersion) as version,
        nullif(coalesce(finding.FixedVersion, operator.fixedVersion), '') as fixed_in,
        coalesce(finding.Message, {{ joined_texts('operator.messages', '; ') }}) as said,
        coalesce(nullif(finding.Title, ''), nullif(operator.title, ''), operator.name) as label,
        coalesce(around.result.Target, nullif(operator.target, '')) as target,
        coalesce(
            around.report.ArtifactName,
            nullif(concat_ws('/', around.object.metadata.namespace, around.object.kind, around.object.metadata.name), ''),
            nullif(concat_ws('/', around.cluster.ClusterName, around.resource.Namespace, around.resource.Kind, around.resource.Name), ''),
            nullif(concat_ws('/', around.report.Namespace, around.report.Kind, around.report.Name), ''),
            around.scan.place
        ) as artifact,
        coalesce(
            around.report.ArtifactType, around.object.kind, around.resource.Kind, around.report.Kind
        ) as artifact_type,
        coalesce(
            {{ list_item('around.report.Metadata.RepoDigests', 1) }}, around.report.Metadata.ImageID, around.report.artifact.digest,
            around.report.artifact.repository || coalesce(':' || around.report.artifact.tag, '')
        ) as image,
        {{ severity_of_word("coalesce(nullif(finding.Severity, ''), nullif(operator.severity, ''), around.control.severity)") }} as grade,
        {{ list_where(
            list_of([
                cvss_score(cvss_version('finding.CVSS.nvd.V3Vector'), 'finding.CVSS.nvd.V3Score', 'finding.CVSS.nvd.V3Vector'),
                cvss_score(cvss_version('finding.CVSS.ghsa.V3Vector'), 'finding.CVSS.ghsa.V3Score', 'finding.CVSS.ghsa.V3Vector'),
                cvss_score(cvss_version('finding.CVSS.redhat.V3Vector'), 'finding.CVSS.redhat.V3Score', 'finding.CVSS.redhat.V3Vector'),
                cvss_score(cvss_version('finding.CVSS.nvd.V2Vector'), 'finding.CVSS.nvd.V2Score', 'finding.CVSS.nvd.V2Vector'),
            ]),
            'item.base_score is not null',
        ) }} as scores
    from opened

),

judged as (

    select
        named.*,
        case
            when member = 'ExperimentalModifiedFindings' and weakness is not null then 'vulnerability_suppressed'
            when member = 'ExperimentalModifiedFindings' and control is not null then 'misconfiguration_suppressed'
            when weakness is not null then 'vulnerability'
            when member = 'Misconfigurations' and control is not null and finding.Status = 'EXCEPTION' then 'misconfiguration_suppressed'
            when member = 'Misconfigurations' and control is not null and finding.Status = 'PASS' then 'misconfiguration_pass'
            when member = 'Misconfigurations' and control is not null and finding.Status = 'FAIL' then 'misconfiguration_fail'
            when member = 'checks' and operator.success = 'true' then 'misconfiguration_pass'
            when member = 'checks' and operator.success = 'false' then 'misconfiguration_fail'
            when member = 'controlCheck' and try_cast(operator.totalFail as bigint) = 0 then 'misconfiguration_pass'
            when member = 'controlCheck' and try_cast(operator.totalFail as bigint) > 0 then 'misconfiguration_fail'
            else coalesce(member, 'unknown')
        end as kind,
        -- without the scan's time: what the same weakness is known by in the next scan
        concat_ws(
            '/', artifact, target, coalesce(weakness, control, label), package, version, finding.PkgPath,
            case when weakness is null then coalesce(finding.CauseMetadata.Resource, '') || coalesce(said, '') end
        ) as finding_uid
    from named

),

classified as (

    select
        judged.*,
        coalesce(kinds.class_uid, 0) as to_class,
        coalesce(kinds.activity_id, 99) as to_activity,
        case kinds.activity_id when 1 then 1 else case when judged.kind like '%suppressed' then 3 else 4 end end as standing
    from judged
    left join kinds on judged.kind = kinds.kind

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns('trivy', 'Trivy', 'Aqua Security', uid='finding_uid', code='kind', profiles=['datetime']) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'kind') }},
        cast(grade as integer) as severity_id,
        {{ severity_name('grade') }} as severity,
        cast(case when to_class = 0 then 0 else standing end as integer) as status_id,
        case when to_class = 0 then 'Unknown' else {{ finding_status_name('standing') }} end as status,
        coalesce(said, label) as message,
        -- what was scanned
        coalesce(image, artifact) as resource_uid,
        artifact as resource_name,
        artifact_type as resource_type,
        case
            when coalesce(image, artifact) is not null
                then {{ list_of([struct_of({
                    'uid': 'coalesce(image, artifact)', 'name': 'artifact', 'type': 'artifact_type',
                    'account_uid': 'cast(null as varchar)',
                })]) }}
        end as resources,
        {{ json_without('raw', [
            'VulnerabilityID', 'Title', 'Description', 'Severity', 'References', 'Message', 'Resolution', 'vulnerabilityID', 'title',
            'description', 'severity', 'messages', 'remediation',
        ]) }} as unmapped,
        -- class extras
        case when to_class <> 0 then finding_uid end as finding_info_uid,
        case when to_class <> 0 then coalesce(label, weakness, control, kind) end as finding_info_title,
        coalesce(finding.Description, operator.description) as finding_info_desc,
        case
            when coalesce(around.result.Class, operator.category) is not null
                then {{ list_of(['coalesce(around.result.Class, operator.category)']) }}
        end as finding_info_types,
        coalesce(weakness, control) as finding_info_analytic_uid,
        coalesce(finding.PrimaryURL, operator.primaryLink) as finding_info_src_url,
        event_time as finding_info_last_seen_dt,
        nullif(coalesce(finding.Resolution, operator.remediation), '') as remediation_desc,
        finding.References as remediation_references,
        case to_class
            when 2002 then {{ list_of([vulnerability(
                'weakness', 'label', 'coalesce(finding.Severity, operator.severity)', 'scores', 'cast(null as varchar)',
                list_of([affected_package(
                    "coalesce(package, 'unknown')", "coalesce(version, '')", 'cast(null as varchar)', 'cast(null as varchar)',
                    'cast(null as varchar)', 'around.result.Type', 'finding.PkgPath', 'fixed_in',
                )]),
                'cast(null as varchar[])', 'coalesce(finding.DataSource.Name, finding.SeveritySource)', 'fixed_in is not null',
                'cast(null as boolean)',
            )]) }}
        end as vulnerabilities,
        case to_class when 2003 then control end as compliance_control,
        case
            when to_class = 2003 and coalesce(around.summary.title, around.detail.title, finding.Type) is not null
                then {{ list_of(['coalesce(around.summary.title, around.detail.title, finding.Type)']) }}
        end as compliance_standards,
        case
            when to_class = 2003 and around.control.id is not null then {{ list_of(['around.control.id']) }}
        end as compliance_requirements,
        cast(case to_class
            when 2003 then case kind when 'misconfiguration_pass' then 1 when 'misconfiguration_suppressed' then 99 else 3 end
        end as integer) as compliance_status_id,
        case to_class when 2003 then coalesce(finding.Status, operator.success, operator.totalFail) end as compliance_status
    from classified

)

select * from final
