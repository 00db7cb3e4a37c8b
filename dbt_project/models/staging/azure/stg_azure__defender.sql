{{ routes_to(['vulnerability_finding', 'compliance_finding', 'detection_finding', 'base_event']) }}

{#
    https://learn.microsoft.com/azure/defender-for-cloud/alerts-schemas,
    https://learn.microsoft.com/rest/api/defenderforcloud/assessments/get, .../sub-assessments/get
#}
{% set alert_names = [
    'systemAlertId', 'alertType', 'alertDisplayName', 'displayName', 'description', 'severity', 'alertSeverity', 'status', 'intent',
    'tactics', 'techniques', 'startTimeUtc', 'startTime', 'endTimeUtc', 'endTime', 'timeGeneratedUtc', 'timeGenerated',
    'processingEndTimeUtc', 'processingEndTime', 'azureResourceId', 'resourceId', 'compromisedEntity', 'alertUri', 'alertLink',
    'confidenceLevel', 'productComponentName', 'remediationSteps', 'entities',
] %}
{% set alert_fields = {'resourceIdentifiers': [{'azureResourceId': 'string'}]} %}
{% for name in alert_names %}{% do alert_fields.update({name: 'string'}) %}{% endfor %}
{% set assessment_fields = {
    'id': 'string', 'category': 'string', 'impact': 'string', 'remediation': 'string', 'resourceDetails': {'id': 'string'},
    'metadata': {
        'displayName': 'string', 'description': 'string', 'remediationDescription': 'string', 'severity': 'string',
    },
    'links': {'azurePortal': 'string'},
    'additionalData': {
        'assessedResourceType': 'string', 'patchable': 'string', 'cve': [{'title': 'string'}], 'cvss': 'string',
        'vulnerabilityDetails': {'cveId': 'string', 'cvss': 'string'},
        'softwareDetails': {'packageName': 'string', 'version': 'string', 'fixedVersion': 'string'},
    },
} %}
{% set event_fields = {
    'id': 'string', 'name': 'string', 'type': 'string', 'tenantId': 'string', 'properties': dict(alert_fields, **assessment_fields),
    'securityEventDataEnrichment': {'action': 'string'},
} %}
{% do event_fields.update(alert_fields) %}
{% set state_fields = {
    'code': 'string', 'severity': 'string', 'cause': 'string', 'description': 'string', 'statusChangeDate': 'string',
    'firstEvaluationDate': 'string',
} %}
{% set entity_fields = {
    'type': 'string', 'address': 'string', 'location': {'countryCode': 'string', 'asn': 'string'},
    'name': 'string', 'uPNSuffix': 'string', 'nTDomain': 'string', 'aadUserId': 'string',
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'azure_defender')) }}

),

kinds as (

    select * from {{ ref('azure_defender') }}

),

-- the two ways to write the names: each is a struct of its own
parsed as (

    select
        records.*,
        {{ parse_json('raw', capitalised_fields(event_fields)) }} as capital,
        {{ parse_json('raw', event_fields) }} as small
    from records

),

chosen as (

    select
        parsed.*,
        coalesce(capital.SystemAlertId, capital.Id) is not null as is_capital,
        case when coalesce(capital.SystemAlertId, capital.Id) is not null then capital else small end as event
    from parsed

),

-- an alert's fields stand in `properties` where the REST API hands it on
opened as (

    select
        chosen.*,
        event.properties as inside,
        {% for name in alert_names -%}
            nullif(coalesce(event.properties.{{ name }}, event.{{ name }}), '') as told_{{ name }},
        {% endfor -%}
        lower(event.id) as about,
        coalesce(event.properties.resourceIdentifiers, event.resourceIdentifiers) as identifiers
    from chosen

),

stated as (

    select
        opened.*,
        -- the state of an alert is a word, not an object
        case
            when left(told_status, 1) <> '{' then null
            when is_capital then {{ parse_json('told_status', capitalised_fields(state_fields)) }}
            else {{ parse_json('told_status', state_fields) }}
        end as state,
        case
            when is_capital then {{ parse_json('told_entities', [capitalised_fields(entity_fields)]) }}
            else {{ parse_json('told_entities', [entity_fields]) }}
        end as entities,
        coalesce(
            case
                when inside.additionalData.vulnerabilityDetails.cveId <> ''
                    then {{ list_of(['inside.additionalData.vulnerabilityDetails.cveId']) }}
            end,
            {{ list_where(list_map('inside.additionalData.cve', 'item.title'), "item <> ''") }}
        ) as cves,
        coalesce(inside.additionalData.vulnerabilityDetails.cvss, inside.additionalData.cvss) as cvss,
        coalesce(upper(event.securityEventDataEnrichment.action) = 'DELETE', false) as is_gone,
        case lower(told_status) when 'inprogress' then 'changed' when 'dismissed' then 'closed' when 'resolved' then 'closed' else 'new' end
            as alert_life,
        case lower(told_status)
            when 'new' then 1 when 'active' then 1 when 'inprogress' then 2 when 'dismissed' then 3 when 'resolved' then 4 else 0
        end as alert_standing,
        lower(event.type) as kind_of_resource
    from opened

),

judged as (

    select
        stated.*,
        {{ list_item(list_where('entities', "lower(item.type) = 'ip' and item.address <> ''"), 1) }} as remote,
        {{ list_item(list_where('entities', "lower(item.type) = 'account' and item.name <> ''"), 1) }} as account,
        case
            when told_systemAlertId is not null then 'alert'
            when about is null then null
            when kind_of_resource like '%/subassessments' and {{ list_length('cves') }} > 0 then 'vulnerability'
            when kind_of_resource like 'microsoft.security/assessments%' then 'control'
        end as family,
        case
            when told_systemAlertId is not null then alert_life
            when is_gone or coalesce(state.code, '') <> 'Unhealthy' then 'closed'
            when kind_of_resource like '%/subassessments' or state.firstEvaluationDate = state.statusChangeDate then 'new'
            else 'changed'
        end as life,
        case
            when told_systemAlertId is not null then alert_standing
            when is_gone or state.code = 'Healthy' then 4
            when state.code = 'NotApplicable' then 3
            when state.code = 'Unhealthy' then 1
            else 0
        end as standing,
        case lower(coalesce(told_severity, told_alertSeverity, state.severity, inside.metadata.severity))
            when 'high' then 4 when 'medium' then 3 when 'low' then 2 when 'informational' then 1 else 0
        end as grade,
        coalesce(told_alertType, nullif(regexp_extract(about, '/assessments/([^/]+)', 1), ''), event.type) as code,
        coalesce(told_alertDisplayName, told_displayName, inside.metadata.displayName) as title,
        lower(coalesce(
            told_azureResourceId, told_resourceId,
            {{ list_item(list_where('identifiers', "item.azureResourceId <> ''"), 1) }}.azureResourceId, inside.resourceDetails.id
        )) as resource,
        coalesce(told_processingEndTime, told_processingEndTimeUtc, state.statusChangeDate, told_timeGenerated, told_timeGeneratedUtc)
            as modified
    from stated

),

classified as (

    select
        judged.*,
        coalesce(kinds.class_uid, 0) as to_class,
        coalesce(kinds.activity_id, 99) as to_activity,
        coalesce(judged.told_systemAlertId, judged.about) as finding_uid,
        nullif(regexp_extract(coalesce(judged.resource, judged.about), '/subscriptions/([^/]+)', 1), '') as subscription,
        nullif(regexp_extract(judged.resource, '([^/]+)/?$', 1), '') as resource_name_part,
        nullif(regexp_extract(judged.resource, '/providers/([^/]+/[^/]+)', 1), '') as type_of_resource,
        {{ list_where(list_of([
            cvss_score("'3.0'", json_text('judged.cvss', '3.0', 'base'), json_text('judged.cvss', '3.0', 'cvssVectorString')),
            cvss_score("'2.0'", json_text('judged.cvss', '2.0', 'base'), json_text('judged.cvss', '2.0', 'cvssVectorString')),
        ]), 'item.base_score is not null') }} as scores,
        {{ list_where(list_of([affected_package(
            'judged.inside.additionalData.softwareDetails.packageName', 'judged.inside.additionalData.softwareDetails.version',
            'cast(null as varchar)', 'cast(null as varchar)', 'cast(null as varchar)', 'cast(null as varchar)', 'cast(null as varchar)',
            "nullif(judged.inside.additionalData.softwareDetails.fixedVersion, '')",
        )]), 'item.name is not null') }} as packages
    from judged
    left join kinds on judged.family || '_' || judged.life = kinds.kind

),

final as (

    select
        -- identity, lineage and time: its transports write one change in different bytes
        {{ ocsf_identity_columns(
            'azure_defender', 'Microsoft Defender for Cloud', 'Microsoft', uid='finding_uid', code='code',
            text=entity_key([
                'finding_uid', 'code', 'standing', 'grade', 'is_gone', 'event_time', 'title',
                "case when family is null then raw else '' end",
            ]),
        ) }},
        {{ timestamp_of_text('coalesce(told_startTimeUtc, told_startTime)') }} as start_time_dt,
        {{ timestamp_of_text('coalesce(told_endTimeUtc, told_endTime)') }} as end_time_dt,
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'code') }},
        cast(grade as integer) as severity_id,
        {{ severity_name('grade') }} as severity,
        cast(case when to_class = 0 then 0 else standing end as integer) as status_id,
        case when to_class = 0 then 'Unknown' else {{ finding_status_name('standing') }} end as status,
        coalesce(state.code, case when family = 'alert' then told_status end) as status_code,
        coalesce(state.description, state.cause) as status_detail,
        title as message,
        -- actor: the account that an alert tells of
        case
            when account.uPNSuffix <> '' then account.name || '@' || account.uPNSuffix
            when account.nTDomain <> '' then account.nTDomain || chr(92) || account.name
            else account.name
        end as actor_user_name,
        nullif(account.aadUserId, '') as actor_user_uid,
        case when account.uPNSuffix <> '' then account.name || '@' || account.uPNSuffix end as actor_user_email_addr,
        -- network: the address that an alert tells of
        case when {{ is_ip('remote.address') }} then remote.address end as src_endpoint_ip,
        nullif(remote.location.countryCode, '') as src_endpoint_country,
        nullif(try_cast(remote.location.asn as bigint), 0) as src_endpoint_asn,
        -- api and cloud
        'Azure' as cloud_provider,
        subscription as cloud_account_uid,
        lower(nullif(event.tenantId, '')) as cloud_org_uid,
        resource as resource_uid,
        coalesce(resource_name_part, told_compromisedEntity) as resource_name,
        type_of_resource as resource_type,
        case
            when resource is not null then {{ list_of([struct_of({
                'uid': 'resource', 'name': 'resource_name_part', 'type': 'type_of_resource', 'account_uid': 'subscription',
            })]) }}
        end as resources,
        {{ json_without("coalesce(" ~ json_text('raw', 'properties') ~ ", " ~ json_text('raw', 'Properties') ~ ", raw)", [
            'SystemAlertId', 'systemAlertId', 'AlertType', 'alertType', 'AlertDisplayName', 'alertDisplayName', 'Description',
            'description', 'Severity', 'severity', 'Status', 'status', 'Intent', 'intent', 'StartTimeUtc', 'startTimeUtc',
            'EndTimeUtc', 'endTimeUtc', 'TimeGenerated', 'timeGenerated', 'timeGeneratedUtc', 'ProcessingEndTime',
            'processingEndTimeUtc', 'AzureResourceId', 'AlertUri', 'alertUri', 'RemediationSteps', 'remediationSteps', 'DisplayName',
            'displayName', 'ResourceDetails', 'resourceDetails', 'Remediation', 'remediation', 'Metadata', 'metadata', 'Links', 'links',
        ]) }} as unmapped,
        -- class extras
        case when to_class <> 0 then finding_uid end as finding_info_uid,
        case when to_class <> 0 then coalesce(title, code, 'finding') end as finding_info_title,
        coalesce(told_description, inside.metadata.description) as finding_info_desc,
        case when code is not null then {{ list_of(['code']) }} end as finding_info_types,
        coalesce(case when family = 'vulnerability' then inside.id end, code) as finding_info_analytic_uid,
        told_productComponentName as finding_info_product_name,
        coalesce(told_alertUri, told_alertLink, nullif(inside.links.azurePortal, '')) as finding_info_src_url,
        {{ timestamp_of_text('coalesce(told_timeGenerated, told_timeGeneratedUtc, state.firstEvaluationDate)') }}
            as finding_info_created_dt,
        {{ timestamp_of_text('modified') }} as finding_info_modified_dt,
        {{ timestamp_of_text('coalesce(told_startTimeUtc, told_startTime, state.firstEvaluationDate, told_timeGenerated)') }}
            as finding_info_first_seen_dt,
        {{ timestamp_of_text('coalesce(told_endTimeUtc, told_endTime, modified)') }} as finding_info_last_seen_dt,
        cast(case lower(told_confidenceLevel) when 'low' then 1 when 'medium' then 2 when 'high' then 3 end as integer) as confidence_id,
        coalesce(told_remediationSteps, nullif(inside.remediation, ''), nullif(inside.metadata.remediationDescription, ''))
            as remediation_desc,
        case
            when to_class = 2002 then {{ list_map('cves', vulnerability(
                'item', 'title', 'state.severity', 'scores', 'cast(null as varchar)', 'packages', 'cast(null as varchar[])',
                'cast(null as varchar)',
                "coalesce(nullif(inside.additionalData.softwareDetails.fixedVersion, '') is not null, try_cast(inside.additionalData.patchable as boolean))",
                'cast(null as boolean)',
            )) }}
        end as vulnerabilities,
        case when to_class = 2003 then coalesce(nullif(inside.id, ''), code) end as compliance_control,
        cast(case
            when to_class = 2003
                then case state.code when 'Healthy' then 1 when 'Unhealthy' then 3 when 'NotApplicable' then 99 else 0 end
        end as integer) as compliance_status_id,
        case when to_class = 2003 then state.code end as compliance_status,
        case
            when to_class = 2004 then {{ list_where(
                list_map("split(replace(coalesce(told_intent, told_tactics), ' ', ''), ',')", attack_tactic_uid('item')), 'item is not null'
            ) }}
        end as attack_tactic_uids,
        case
            when to_class = 2004 then {{ list_where(
                list_map("split(told_techniques, ',')", "nullif(regexp_extract(item, '(T[0-9]{4}([.][0-9]{3})?)', 1), '')"),
                'item is not null'
            ) }}
        end as attack_technique_uids,
        -- Defender's own sample alerts say so in their title
        case when to_class = 2004 then life <> 'closed' and coalesce(title, '') not like '[SAMPLE ALERT]%' end as is_alert
    from classified

)

select * from final
