{{ routes_to(['compliance_finding', 'base_event']) }}

{# OCSF, and Prowler's own JSON of versions 3 (CheckID) and 2 (Control ID). https://docs.prowler.com/user-guide/cli/tutorials/reporting #}
{% set ocsf_fields = {
    'status_code': 'string', 'status_detail': 'string', 'message': 'string', 'severity': 'string', 'status': 'string',
    'metadata': {'event_code': 'string'}, 'finding_info': {'uid': 'string', 'title': 'string', 'types': ['string']},
    'resources': [{'uid': 'string', 'name': 'string', 'type': 'string', 'region': 'string'}],
    'cloud': {'account': {'uid': 'string'}, 'provider': 'string', 'region': 'string'},
    'remediation': {'references': ['string']}, 'unmapped': {'related_url': 'string', 'compliance': 'json'},
} %}
{% set own_fields = {
    'FindingUniqueId': 'string', 'CheckID': 'string', 'CheckTitle': 'string', 'Status': 'string', 'StatusExtended': 'string',
    'Severity': 'string', 'ResourceId': 'string', 'ResourceArn': 'string', 'ResourceType': 'string', 'AccountId': 'string',
    'Region': 'string', 'Provider': 'string', 'Description': 'string', 'RelatedUrl': 'string', 'Compliance': 'json',
    'Remediation': {'Recommendation': {'Text': 'string', 'Url': 'string'}},
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'prowler')) }}

),

kinds as (

    select * from {{ ref('prowler') }}

),

parsed as (

    select
        records.*,
        {{ parse_json('raw', ocsf_fields) }} as said_in_ocsf,
        {{ parse_json('raw', own_fields) }} as own
    from records

),

told as (

    select
        parsed.*,
        -- version 2 writes names with spaces
        {{ json_text('raw', 'Control ID') }} as control,
        {{ json_text('raw', 'Control') }} as control_name,
        {{ json_text('raw', 'Message') }} as old_message,
        {{ json_text('raw', 'Account Number') }} as old_account,
        {{ json_text('raw', 'Resource ID') }} as old_resource,
        {{ json_text('raw', 'Doc link') }} as old_link,
        {{ list_item('said_in_ocsf.resources', 1) }} as resource
    from parsed

),

opened as (

    select
        told.*,
        case upper(coalesce(said_in_ocsf.status_code, own.Status))
            when 'PASS' then 'pass'
            when 'FAIL' then case when said_in_ocsf.status = 'Suppressed' then 'muted' else 'fail' end
            when 'MUTED' then 'muted'
            else 'other'
        end as verdict,
        {{ severity_of_word('coalesce(said_in_ocsf.severity, own.Severity)') }} as grade,
        coalesce(said_in_ocsf.finding_info.title, own.CheckTitle, control_name) as label,
        coalesce(said_in_ocsf.metadata.event_code, own.CheckID, control) as check_uid,
        coalesce(resource.uid, nullif(own.ResourceArn, ''), own.ResourceId, old_resource) as place_uid,
        coalesce(nullif(resource.name, ''), own.ResourceId, old_resource) as place_name,
        coalesce(resource.type, own.ResourceType) as place_type,
        coalesce(said_in_ocsf.cloud.account.uid, own.AccountId, old_account) as account,
        coalesce(said_in_ocsf.cloud.region, resource.region, own.Region) as region,
        case lower(coalesce(said_in_ocsf.cloud.provider, own.Provider, case when control is not null then 'aws' end))
            when 'aws' then 'AWS'
            when 'azure' then 'Azure'
            when 'gcp' then 'GCP'
        end as provider,
        coalesce(said_in_ocsf.status_detail, own.StatusExtended, old_message) as said,
        {{ list_map(json_members('coalesce(said_in_ocsf.unmapped.compliance, own.Compliance)'), 'item.name') }} as standard,
        cast(null as varchar[]) as requirement,
        coalesce(
            said_in_ocsf.finding_info.uid, own.FindingUniqueId,
            concat_ws('/', old_account, control, {{ json_text('raw', 'Region') }}, old_resource)
        ) as finding_uid
    from told

),

matched as (

    select
        opened.*,
        kinds.class_uid as kind_class,
        kinds.activity_id as kind_activity
    from opened
    left join kinds on opened.verdict = kinds.kind

),

classified as (

    select
        matched.*,
        case when check_uid is null then 0 else coalesce(kind_class, 0) end as to_class,
        case when check_uid is null then 99 else coalesce(kind_activity, 99) end as to_activity
    from matched

),

final as (

    select
        {{ posture_check_columns('prowler', 'Prowler', 'Prowler', cloud='provider is not null') }},
        provider as cloud_provider,
        account as cloud_account_uid,
        region as cloud_region,
        {{ json_without(
            'raw', ['metadata', 'severity', 'status', 'finding_info', 'resources', 'cloud', 'remediation', 'Remediation', 'Compliance'],
        ) }}
            as unmapped,
        coalesce({{ json_text('raw', 'finding_info', 'desc') }}, own.Description) as finding_info_desc,
        said_in_ocsf.finding_info.types as finding_info_types,
        coalesce(nullif(said_in_ocsf.unmapped.related_url, ''), own.RelatedUrl, old_link) as finding_info_src_url,
        coalesce(
            {{ json_text('raw', 'remediation', 'desc') }}, own.Remediation.Recommendation.Text, {{ json_text('raw', 'Remediation') }}
        ) as remediation_desc,
        said_in_ocsf.remediation.references as remediation_references
    from classified

)

select * from final
