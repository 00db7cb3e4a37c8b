{{ routes_to(['vulnerability_finding', 'detection_finding', 'base_event']) }}

{# https://docs.aws.amazon.com/inspector/v2/APIReference/API_Finding.html #}
{% set finding_fields = {
    'findingArn': 'string', 'awsAccountId': 'string', 'type': 'string', 'title': 'string', 'description': 'string',
    'severity': 'string', 'status': 'string', 'fixAvailable': 'string', 'exploitAvailable': 'string', 'epss': {'score': 'string'},
    'firstObservedAt': 'string', 'lastObservedAt': 'string', 'updatedAt': 'string',
    'remediation': {'recommendation': {'text': 'string', 'Url': 'string'}},
    'resources': [{
        'id': 'string', 'type': 'string', 'region': 'string', 'tags': {'Name': 'string'},
        'details': {
            'awsEc2Instance': {'vpcId': 'string'}, 'awsEcrContainerImage': {'repositoryName': 'string'},
            'awsLambdaFunction': {'functionName': 'string'}, 'codeRepository': {'projectName': 'string'},
        },
    }],
    'packageVulnerabilityDetails': {
        'vulnerabilityId': 'string', 'source': 'string', 'sourceUrl': 'string', 'vendorSeverity': 'string',
        'referenceUrls': ['string'], 'relatedVulnerabilities': ['string'],
        'cvss': [{'version': 'string', 'baseScore': 'string', 'scoringVector': 'string'}],
        'vulnerablePackages': [{
            'name': 'string', 'version': 'string', 'epoch': 'string', 'release': 'string', 'arch': 'string', 'packageManager': 'string',
            'filePath': 'string', 'fixedInVersion': 'string',
        }],
    },
    'codeVulnerabilityDetails': {
        'cwes': ['string'], 'detectorId': 'string', 'detectorName': 'string', 'ruleId': 'string', 'referenceUrls': ['string'],
    },
    'networkReachabilityDetails': {'openPortRange': {'begin': 'string'}},
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'aws_inspector')) }}

),

kinds as (

    select * from {{ ref('aws_inspector') }}

),

parsed as (

    select
        records.*,
        {{ parse_json('raw', finding_fields) }} as finding
    from records

),

opened as (

    select
        parsed.*,
        finding.packageVulnerabilityDetails as package,
        finding.codeVulnerabilityDetails as code_details,
        {{ list_item('finding.resources', 1) }} as resource,
        {{ list_where('finding.codeVulnerabilityDetails.cwes', "nullif(item, '') is not null") }} as cwes,
        {{ list_map('finding.packageVulnerabilityDetails.cvss', cvss_score('item.version', 'item.baseScore', 'item.scoringVector')) }}
            as scores,
        {{ list_map('finding.packageVulnerabilityDetails.vulnerablePackages', affected_package(
            'item.name', 'item.version', 'item.epoch', 'item.release', 'item.arch', 'item.packageManager', 'item.filePath',
            'item.fixedInVersion',
        )) }} as packages,
        case finding.fixAvailable when 'YES' then true when 'PARTIAL' then true when 'NO' then false end as is_fixable,
        case finding.exploitAvailable when 'YES' then true when 'NO' then false end as is_exploitable,
        -- EventBridge writes times in English, the API in seconds since 1970, its clients in ISO 8601
        {% for name in ['firstObservedAt', 'lastObservedAt', 'updatedAt'] -%}
            coalesce(
                {{ timestamp_of_text('finding.' ~ name) }},
                {{ timestamp_of_ms('try_cast(round(try_cast(finding.' ~ name ~ ' as double) * 1000) as bigint)') }},
                {{ timestamp_of_english('finding.' ~ name) }}
            ) as {{ name }},
        {% endfor -%}
        case finding.severity
            when 'INFORMATIONAL' then 1 when 'LOW' then 2 when 'MEDIUM' then 3 when 'HIGH' then 4 when 'CRITICAL' then 5 else 0
        end as grade,
        case finding.status when 'ACTIVE' then 1 when 'SUPPRESSED' then 3 when 'CLOSED' then 4 else 0 end as standing
    from parsed

),

judged as (

    select
        opened.*,
        case
            when finding.type = 'PACKAGE_VULNERABILITY' and nullif(package.vulnerabilityId, '') is not null then 'package'
            when finding.type = 'CODE_VULNERABILITY' and {{ list_length('cwes') }} > 0 then 'code'
            when finding.type = 'NETWORK_REACHABILITY' then 'network'
        end as family,
        case
            when standing in (3, 4) then 'closed'
            when firstObservedAt = updatedAt then 'new'
            else 'changed'
        end as life
    from opened

),

classified as (

    select
        judged.*,
        coalesce(kinds.class_uid, 0) as to_class,
        coalesce(kinds.activity_id, 99) as to_activity,
        -- an event of Inspector that holds no finding says at least what it is
        coalesce(judged.finding.type, case when judged.finding.type is null then {{ json_text('raw', 'detail-type') }} end) as code,
        judged.family = 'network' as is_network,
        coalesce(
            judged.resource.tags.Name, judged.resource.details.awsEcrContainerImage.repositoryName,
            judged.resource.details.awsLambdaFunction.functionName, judged.resource.details.codeRepository.projectName
        ) as resource_label
    from judged
    left join kinds on nullif(judged.finding.findingArn, '') is not null and judged.family || '_' || judged.life = kinds.kind

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns('aws_inspector', 'Inspector', 'AWS', uid='finding.findingArn', code='code') }},
        firstObservedAt as start_time_dt,
        lastObservedAt as end_time_dt,
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'code') }},
        cast(grade as integer) as severity_id,
        {{ severity_name('grade') }} as severity,
        cast(case when to_class = 0 then 0 else standing end as integer) as status_id,
        case when to_class = 0 then 'Unknown' else {{ finding_status_name('standing') }} end as status,
        finding.title as message,
        -- network: the port that can be reached from outside
        case when is_network then try_cast(finding.networkReachabilityDetails.openPortRange.begin as integer) end as dst_endpoint_port,
        case when is_network and resource.type = 'AWS_EC2_INSTANCE' then split_part(resource.id, '/', -1) end as dst_endpoint_instance_uid,
        case when is_network then resource.details.awsEc2Instance.vpcId end as dst_endpoint_vpc_uid,
        -- cloud
        'AWS' as cloud_provider,
        finding.awsAccountId as cloud_account_uid,
        resource.region as cloud_region,
        resource.id as resource_uid,
        resource_label as resource_name,
        resource.type as resource_type,
        {{ list_map('finding.resources', struct_of({
            'uid': 'item.id',
            'name': 'coalesce(item.tags.Name, item.details.awsEcrContainerImage.repositoryName,'
                ~ ' item.details.awsLambdaFunction.functionName, item.details.codeRepository.projectName)',
            'type': 'item.type', 'account_uid': 'finding.awsAccountId',
        })) }} as resources,
        {{ json_without('raw', [
            'findingArn', 'awsAccountId', 'type', 'title', 'description', 'severity', 'status', 'fixAvailable', 'exploitAvailable', 'epss',
            'firstObservedAt', 'lastObservedAt', 'updatedAt', 'remediation',
        ]) }} as unmapped,
        -- class extras
        case when to_class <> 0 then finding.findingArn end as finding_info_uid,
        case when to_class <> 0 then coalesce(finding.title, finding.type) end as finding_info_title,
        finding.description as finding_info_desc,
        case when finding.type is not null then {{ list_of(['finding.type']) }} end as finding_info_types,
        coalesce(code_details.ruleId, code_details.detectorId, package.vulnerabilityId) as finding_info_analytic_uid,
        package.sourceUrl as finding_info_src_url,
        firstObservedAt as finding_info_created_dt,
        updatedAt as finding_info_modified_dt,
        firstObservedAt as finding_info_first_seen_dt,
        lastObservedAt as finding_info_last_seen_dt,
        finding.remediation.recommendation.text as remediation_desc,
        coalesce(
            case
                when finding.remediation.recommendation.Url is not null then {{ list_of(['finding.remediation.recommendation.Url']) }}
            end,
            package.referenceUrls, code_details.referenceUrls
        ) as remediation_references,
        case to_class
            when 2002 then case family
                when 'package' then {{ list_of([vulnerability(
                    'package.vulnerabilityId', 'finding.title', 'package.vendorSeverity', 'scores', 'finding.epss.score', 'packages',
                    'package.relatedVulnerabilities', 'package.source', 'is_fixable', 'is_exploitable',
                )]) }}
                when 'code' then {{ list_map('cwes', vulnerability(
                    'item', 'code_details.detectorName', 'cast(null as varchar)', 'scores', 'finding.epss.score', 'packages',
                    'package.relatedVulnerabilities', 'package.source', 'is_fixable', 'is_exploitable',
                )) }}
            end
        end as vulnerabilities,
        case to_class when 2004 then standing = 1 end as is_alert
    from classified

)

select * from final
