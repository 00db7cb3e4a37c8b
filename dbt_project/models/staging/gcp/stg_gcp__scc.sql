{{ routes_to(['vulnerability_finding', 'compliance_finding', 'detection_finding', 'base_event']) }}

{# https://cloud.google.com/security-command-center/docs/reference/rest/v2/organizations.sources.findings, and its v1 #}
{% set finding_fields = {
    'name': 'string', 'parent': 'string', 'parentDisplayName': 'string', 'resourceName': 'string', 'state': 'string',
    'category': 'string', 'externalUri': 'string', 'eventTime': 'string', 'createTime': 'string', 'severity': 'string',
    'mute': 'string', 'muteUpdateTime': 'string', 'findingClass': 'string', 'description': 'string', 'nextSteps': 'string',
    'moduleName': 'string',
    'access': {
        'principalEmail': 'string', 'principalSubject': 'string', 'callerIp': 'string', 'callerIpGeo': {'regionCode': 'string'},
        'userAgent': 'string', 'userAgentFamily': 'string', 'serviceName': 'string', 'methodName': 'string',
        'userName': 'string', 'serviceAccountKeyName': 'string',
    },
    'connections': [{
        'sourceIp': 'string', 'sourcePort': 'string', 'destinationIp': 'string', 'destinationPort': 'string',
    }],
    'compliances': [{'standard': 'string', 'version': 'string', 'ids': ['string']}],
    'vulnerability': {
        'cve': {'id': 'string', 'references': [{'uri': 'string'}], 'cvssv3': {'baseScore': 'string'}, 'upstreamFixAvailable': 'string'},
        'offendingPackage': {'packageName': 'string', 'packageType': 'string', 'packageVersion': 'string'},
        'fixedPackage': {'packageVersion': 'string'},
        'securityBulletin': {'bulletinId': 'string'},
    },
    'indicator': {'ipAddresses': ['string'], 'domains': ['string']},
    'mitreAttack': {
        'primaryTactic': 'string', 'primaryTechniques': ['string'], 'additionalTactics': ['string'],
        'additionalTechniques': ['string'],
    },
} %}
{% set resource_fields = {
    'name': 'string', 'displayName': 'string', 'type': 'string', 'location': 'string', 'project': 'string',
    'projectName': 'string', 'projectDisplayName': 'string',
    'gcpMetadata': {'project': 'string', 'projectDisplayName': 'string', 'organization': 'string'},
} %}
{% set notification_fields = {'finding': finding_fields, 'resource': resource_fields} %}
{% set event_fields = {
    'finding': finding_fields, 'resource': resource_fields, 'jsonPayload': notification_fields,
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'gcp_scc')) }}

),

kinds as (

    select * from {{ ref('gcp_scc') }}

),

parsed as (

    select
        records.*,
        {{ parse_json('raw', event_fields) }} as event
    from records

),

opened as (

    select
        parsed.*,
        coalesce(event.finding, event.jsonPayload.finding) as finding,
        -- an entry of a log has a resource of its own: the one that is monitored
        case when event.finding is not null then event.resource else event.jsonPayload.resource end as target,
        coalesce({{ json_text('raw', 'finding') }}, {{ json_text('raw', 'jsonPayload', 'finding') }}, raw) as told
    from parsed

),

read as (

    select
        opened.*,
        finding.access as caller,
        {{ list_item('finding.connections', 1) }} as connection,
        finding.mitreAttack as attack,
        replace(finding.name, '/locations/global/', '/') as finding_name,
        upper(coalesce(nullif(nullif(finding.findingClass, ''), 'FINDING_CLASS_UNSPECIFIED'), 'UNSPECIFIED')) as finding_class,
        coalesce(finding.state = 'INACTIVE', false) as is_closed,
        coalesce(finding.mute = 'MUTED', false) as is_muted,
        coalesce(nullif(target.name, ''), nullif(finding.resourceName, '')) as resource_path,
        coalesce(
            nullif(finding.access.callerIp, ''), nullif({{ list_item('finding.connections', 1) }}.sourceIp, ''),
            {{ list_item('finding.indicator.ipAddresses', 1) }}
        ) as from_ip,
        case
            when finding.state = 'INACTIVE' then 4 when finding.mute = 'MUTED' then 3 else 1
        end as standing,
        finding.vulnerability as weakness,
        -- what is found was there before Security Command Center writes it down; what happens later is a change
        {{ timestamp_of_text('finding.createTime') }} as created,
        {{ timestamp_of_text('finding.eventTime') }} as happened,
        -- what a scanner of the web finds has a name, no number
        coalesce(
            nullif(finding.vulnerability.cve.id, ''), nullif(finding.vulnerability.securityBulletin.bulletinId, ''), finding.category
        ) as weakness_uid,
        case upper(finding.severity) when 'CRITICAL' then 5 when 'HIGH' then 4 when 'MEDIUM' then 3 when 'LOW' then 2 else 0 end as grade
    from opened

),

matched as (

    select
        read.*,
        kinds.class_uid as kind_class,
        kinds.activity_id as kind_activity
    from read
    left join kinds
        on
            read.finding_class = kinds.finding_class
            and case
                when read.is_closed then 'closed'
                when read.created >= read.happened and not read.is_muted then 'new'
                else 'changed'
            end = kinds.change

),

classified as (

    select
        matched.*,
        coalesce(
            nullif(target.projectDisplayName, ''), nullif(target.gcpMetadata.projectDisplayName, ''),
            nullif(regexp_extract(
                coalesce(target.projectName, target.gcpMetadata.project, target.project, resource_path), '/projects/([^/]+)', 1
            ), '')
        ) as project,
        case when finding.name <> '' and finding.category <> '' then coalesce(kind_class, 0) else 0 end as to_class,
        case when finding.name <> '' and finding.category <> '' then coalesce(kind_activity, 99) else 99 end as to_activity,
        {{ list_where(
            list_of([cvss_score("'3.0'", 'weakness.cve.cvssv3.baseScore', 'cast(null as varchar)')]), 'item.base_score is not null'
        ) }} as scores,
        {{ list_where(list_of([affected_package(
            'weakness.offendingPackage.packageName', 'weakness.offendingPackage.packageVersion', 'cast(null as varchar)',
            'cast(null as varchar)', 'cast(null as varchar)', 'weakness.offendingPackage.packageType', 'cast(null as varchar)',
            "nullif(weakness.fixedPackage.packageVersion, '')",
        )]), "item.name <> ''") }} as packages
    from matched

),

final as (

    select
        -- identity, lineage and time: its transports write one finding in different bytes
        {{ ocsf_identity_columns(
            'gcp_scc', 'Security Command Center', 'Google', uid='finding_name', code='finding.category',
            text=entity_key([
                'finding_name', 'event_time', 'finding.state', 'finding.mute', 'finding.muteUpdateTime', 'finding.severity',
                'finding.category', 'finding.resourceName',
            ]),
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'finding_class') }},
        cast(grade as integer) as severity_id,
        {{ severity_name('grade') }} as severity,
        cast(case when to_class = 0 then 0 else standing end as integer) as status_id,
        case when to_class = 0 then 'Unknown' else {{ finding_status_name('standing') }} end as status,
        finding.state as status_code,
        coalesce(nullif(finding.description, ''), finding.category) as message,
        -- actor
        coalesce(nullif(caller.principalEmail, ''), nullif(caller.userName, '')) as actor_user_name,
        nullif(caller.principalSubject, '') as actor_user_uid,
        case when caller.principalEmail like '%@%' then caller.principalEmail end as actor_user_email_addr,
        nullif(caller.serviceAccountKeyName, '') as actor_user_credential_uid,
        -- network
        case when {{ is_ip('from_ip') }} then from_ip end as src_endpoint_ip,
        try_cast(connection.sourcePort as integer) as src_endpoint_port,
        nullif(caller.callerIpGeo.regionCode, '') as src_endpoint_country,
        case when {{ is_ip('connection.destinationIp') }} then connection.destinationIp end as dst_endpoint_ip,
        try_cast(connection.destinationPort as integer) as dst_endpoint_port,
        {{ list_item('finding.indicator.domains', 1) }} as dst_endpoint_hostname,
        nullif(caller.serviceName, '') as dst_endpoint_svc_name,
        -- api and cloud
        nullif(caller.methodName, '') as api_operation,
        nullif(caller.serviceName, '') as api_service_name,
        'GCP' as cloud_provider,
        coalesce(
            project, nullif(regexp_extract(finding.name, '^(projects/[^/]+)', 1), ''),
            nullif(regexp_extract(finding.name, '^(organizations/[^/]+)', 1), '')
        ) as cloud_account_uid,
        nullif(target.location, '') as cloud_region,
        nullif(regexp_extract(
            coalesce(target.gcpMetadata.organization, finding.name), '(organizations/[^/]+)', 1
        ), '') as cloud_org_uid,
        coalesce(nullif(caller.userAgent, ''), nullif(caller.userAgentFamily, '')) as http_user_agent,
        resource_path as resource_uid,
        coalesce(nullif(target.displayName, ''), nullif(regexp_extract(resource_path, '([^/]+)$', 1), '')) as resource_name,
        nullif(target.type, '') as resource_type,
        case
            when resource_path is not null
                then {{ list_of([struct_of({
                    'uid': 'resource_path', 'name': "nullif(target.displayName, '')", 'type': "nullif(target.type, '')",
                    'account_uid': 'project',
                })]) }}
        end as resources,
        -- what has no class yet is kept whole
        case
            when to_class = 0 then {{ json_without('told', ['name']) }}
            else {{ json_without('told', [
                'name', 'parent', 'parentDisplayName', 'resourceName', 'state', 'category', 'externalUri', 'eventTime', 'createTime',
                'severity', 'mute', 'findingClass', 'description', 'nextSteps', 'moduleName',
            ]) }}
        end as unmapped,
        -- class extras
        case when to_class > 0 then finding_name end as finding_info_uid,
        case when to_class > 0 then finding.category end as finding_info_title,
        nullif(finding.description, '') as finding_info_desc,
        case when to_class > 0 then {{ list_of(['finding_class']) }} end as finding_info_types,
        coalesce(nullif(finding.moduleName, ''), finding.category) as finding_info_analytic_uid,
        nullif(finding.parentDisplayName, '') as finding_info_product_name,
        nullif(finding.externalUri, '') as finding_info_src_url,
        created as finding_info_created_dt,
        greatest(happened, {{ timestamp_of_text('finding.muteUpdateTime') }}) as finding_info_modified_dt,
        least(created, happened) as finding_info_first_seen_dt,
        happened as finding_info_last_seen_dt,
        nullif(finding.nextSteps, '') as remediation_desc,
        case when to_class = 2002 then {{ list_map('weakness.cve.references', 'item.uri') }} end as remediation_references,
        case
            when to_class = 2002 then {{ list_of([vulnerability(
                'weakness_uid', 'finding.category', 'finding.severity', 'scores', 'cast(null as varchar)', 'packages',
                'cast(null as varchar[])', 'cast(null as varchar)', 'try_cast(weakness.cve.upstreamFixAvailable as boolean)',
                'cast(null as boolean)',
            )]) }}
        end as vulnerabilities,
        case when to_class = 2003 then finding.category end as compliance_control,
        case
            when to_class = 2003
                then {{ list_map('finding.compliances', "item.standard || coalesce(' ' || nullif(item.version, ''), '')") }}
        end as compliance_standards,
        case
            when to_class = 2003 then {{ list_map('finding.compliances', joined_texts('item.ids')) }}
        end as compliance_requirements,
        cast(case when to_class = 2003 then case finding.state when 'ACTIVE' then 3 when 'INACTIVE' then 1 else 0 end end as integer)
            as compliance_status_id,
        case when to_class = 2003 then finding.state end as compliance_status,
        case
            when {{ attack_tactic_uid('attack.primaryTactic') }} is not null
                then {{ list_of([attack_tactic_uid('attack.primaryTactic')]) }}
        end as attack_tactic_uids,
        case when to_class = 2004 then not is_closed and not is_muted end as is_alert
    from classified

)

select * from final
