{{ routes_to(['vulnerability_finding', 'compliance_finding', 'detection_finding', 'base_event']) }}

{# https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format-syntax.html #}
{% set remote = {
    'IpAddressV4': 'string', 'Country': {'CountryName': 'string'}, 'Organization': {'Asn': 'string'},
} %}
{% set local = {'IpAddressV4': 'string'} %}
{% set port = {'Port': 'string'} %}
{% set asff_fields = {
    'Id': 'string', 'GeneratorId': 'string', 'AwsAccountId': 'string', 'Region': 'string', 'ProductName': 'string',
    'Types': ['string'], 'Title': 'string', 'Description': 'string', 'SourceUrl': 'string', 'Sample': 'string',
    'CreatedAt': 'string', 'UpdatedAt': 'string', 'FirstObservedAt': 'string', 'LastObservedAt': 'string',
    'Severity': {'Label': 'string', 'Normalized': 'string'}, 'Workflow': {'Status': 'string'}, 'WorkflowState': 'string',
    'RecordState': 'string', 'Remediation': {'Recommendation': {'Text': 'string', 'Url': 'string'}}, 'ProductFields': 'json',
    'Compliance': {
        'Status': 'string', 'SecurityControlId': 'string', 'RelatedRequirements': ['string'],
        'AssociatedStandards': [{'StandardsId': 'string'}], 'StatusReasons': [{'ReasonCode': 'string', 'Description': 'string'}],
    },
    'Resources': [{
        'Type': 'string', 'Id': 'string', 'Region': 'string', 'Tags': {'Name': 'string'},
        'Details': {'AwsIamAccessKey': {
            'UserName': 'string', 'PrincipalName': 'string', 'PrincipalId': 'string', 'PrincipalType': 'string', 'AccessKeyId': 'string',
        }},
    }],
    'Network': {
        'SourceIpV4': 'string', 'SourceIpV6': 'string', 'SourcePort': 'string', 'SourceDomain': 'string', 'DestinationIpV4': 'string',
        'DestinationIpV6': 'string', 'DestinationPort': 'string', 'DestinationDomain': 'string',
    },
    'Action': {
        'AwsApiCallAction': {'Api': 'string', 'ServiceName': 'string', 'RemoteIpDetails': remote},
        'NetworkConnectionAction': {
            'ConnectionDirection': 'string', 'LocalPortDetails': port, 'RemoteIpDetails': remote, 'RemotePortDetails': port,
        },
        'PortProbeAction': {'PortProbeDetails': [{'LocalPortDetails': port, 'LocalIpDetails': local, 'RemoteIpDetails': remote}]},
        'DnsRequestAction': {'Domain': 'string'},
    },
    'Vulnerabilities': [{
        'Id': 'string', 'EpssScore': 'string', 'FixAvailable': 'string', 'ExploitAvailable': 'string',
        'RelatedVulnerabilities': ['string'], 'ReferenceUrls': ['string'], 'Vendor': {'Name': 'string', 'VendorSeverity': 'string'},
        'Cvss': [{'Version': 'string', 'BaseScore': 'string', 'BaseVector': 'string'}],
        'VulnerablePackages': [{
            'Name': 'string', 'Version': 'string', 'Epoch': 'string', 'Release': 'string', 'Architecture': 'string',
            'PackageManager': 'string', 'FilePath': 'string', 'FixedInVersion': 'string',
        }],
    }],
} %}
{# https://docs.aws.amazon.com/securityhub/latest/userguide/ocsf-findings.html, https://schema.ocsf.io/1.6.0 #}
{% set endpoint = {'ip': 'string', 'port': 'string', 'hostname': 'string', 'domain': 'string'} %}
{% set user = {'name': 'string', 'uid': 'string', 'type': 'string', 'type_id': 'string', 'credential_uid': 'string'} %}
{% set ocsf_fields = {
    'class_uid': 'string', 'activity_id': 'string', 'severity_id': 'string', 'status_id': 'string', 'status': 'string',
    'status_code': 'string', 'status_detail': 'string', 'message': 'string', 'count': 'string', 'confidence_id': 'string',
    'is_alert': 'string', 'cloud': {'account': {'uid': 'string'}, 'region': 'string'},
    'metadata': {'uid': 'string', 'product': {'name': 'string'}},
    'finding_info': {
        'uid': 'string', 'title': 'string', 'desc': 'string', 'types': ['string'], 'src_url': 'string', 'analytic': {'uid': 'string'},
        'created_time_dt': 'string', 'created_time': 'string', 'modified_time_dt': 'string', 'modified_time': 'string',
        'first_seen_time_dt': 'string', 'first_seen_time': 'string', 'last_seen_time_dt': 'string', 'last_seen_time': 'string',
        'attacks': [{'tactic': {'uid': 'string'}, 'technique': {'uid': 'string'}}],
    },
    'remediation': {'desc': 'string', 'references': ['string']},
    'resources': [{'uid': 'string', 'name': 'string', 'type': 'string', 'owner': {'account': {'uid': 'string'}}}],
    'compliance': {
        'control': 'string', 'standards': ['string'], 'requirements': ['string'], 'status': 'string', 'status_id': 'string',
    },
    'vulnerabilities': [{
        'title': 'string', 'severity': 'string', 'vendor_name': 'string', 'is_fix_available': 'string',
        'is_exploit_available': 'string', 'related_vulnerabilities': ['string'], 'advisory': {'uid': 'string'}, 'cwe': {'uid': 'string'},
        'cve': {
            'uid': 'string', 'epss': {'score': 'string'},
            'cvss': [{'version': 'string', 'base_score': 'string', 'vector_string': 'string'}],
        },
        'affected_packages': [{
            'name': 'string', 'version': 'string', 'epoch': 'string', 'release': 'string', 'architecture': 'string',
            'package_manager': 'string', 'path': 'string', 'fixed_in_version': 'string',
        }],
    }],
    'evidences': [{
        'actor': {'user': user}, 'src_endpoint': endpoint, 'dst_endpoint': endpoint,
        'api': {'operation': 'string', 'service': {'name': 'string'}},
    }],
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'aws_securityhub')) }}

),

kinds as (

    select * from {{ ref('aws_securityhub') }}

),

-- the two formats have names that differ in case alone: each is a struct of its own
parsed as (

    select
        records.*,
        {{ parse_json('raw', asff_fields) }} as asff,
        case when raw like '%"class_uid"%' then {{ parse_json('raw', ocsf_fields) }} end as ocsf
    from records

),

opened as (

    select
        parsed.*,
        ocsf.finding_info as info,
        {{ list_item('ocsf.evidences', 1) }} as evidence,
        {{ list_item(list_where('asff.Resources', "item.Type = 'AwsIamAccessKey'"), 1) }} as key_resource,
        asff.Action.AwsApiCallAction as api_call,
        asff.Action.NetworkConnectionAction as flow,
        {{ list_item('asff.Action.PortProbeAction.PortProbeDetails', 1) }} as probe,
        {{ list_item('asff.Resources', 1) }} as asff_resource,
        {{ list_item('asff.Compliance.StatusReasons', 1) }} as reason,
        {{ list_item('asff.Types', 1) }} as asff_type,
        {{ list_map(list_where('asff.Vulnerabilities', "nullif(item.Id, '') is not null"), vulnerability(
            'item.Id', 'cast(null as varchar)', 'item.Vendor.VendorSeverity',
            list_map('item.Cvss', cvss_score('item.Version', 'item.BaseScore', 'item.BaseVector')), 'item.EpssScore',
            list_map('item.VulnerablePackages', affected_package(
                'item.Name', 'item.Version', 'item.Epoch', 'item.Release', 'item.Architecture', 'item.PackageManager', 'item.FilePath',
                'item.FixedInVersion',
            )),
            'item.RelatedVulnerabilities', 'item.Vendor.Name',
            "case item.FixAvailable when 'YES' then true when 'PARTIAL' then true when 'NO' then false end",
            "case item.ExploitAvailable when 'YES' then true when 'NO' then false end",
        )) }} as asff_vulnerabilities,
        {{ list_map(
            list_where('ocsf.vulnerabilities', "coalesce(item.cve.uid, item.advisory.uid, item.cwe.uid, '') <> ''"), vulnerability(
                'coalesce(item.cve.uid, item.advisory.uid, item.cwe.uid)', 'item.title', 'item.severity',
                list_map('item.cve.cvss', cvss_score('item.version', 'item.base_score', 'item.vector_string')), 'item.cve.epss.score',
                list_map('item.affected_packages', affected_package(
                    'item.name', 'item.version', 'item.epoch', 'item.release', 'item.architecture', 'item.package_manager', 'item.path',
                    'item.fixed_in_version',
                )),
                'item.related_vulnerabilities', 'item.vendor_name', 'try_cast(item.is_fix_available as boolean)',
                'try_cast(item.is_exploit_available as boolean)',
            )
        ) }} as ocsf_vulnerabilities,
        upper(coalesce(asff.Workflow.Status, asff.WorkflowState)) as workflow,
        coalesce(upper(asff.RecordState) = 'ARCHIVED', false) as is_archived,
        try_cast(asff.Severity.Normalized as double) as normalized,
        -- GuardDuty says what it saw among the fields of its product
        {% for name, keys in {
            'product_api': ['awsApiCallAction/api'],
            'product_service': ['awsApiCallAction/serviceName'],
            'product_domain': ['dnsRequestAction/domain'],
            'product_direction': ['networkConnectionAction/connectionDirection'],
            'product_own_ip': ['networkConnectionAction/localIpDetails/ipAddressV4'],
            'product_own_port': ['networkConnectionAction/localPortDetails/port'],
            'product_port': ['networkConnectionAction/remotePortDetails/port'],
            'product_ip': ['awsApiCallAction/remoteIpDetails/ipAddressV4', 'networkConnectionAction/remoteIpDetails/ipAddressV4'],
            'product_country': [
                'awsApiCallAction/remoteIpDetails/country/countryName', 'networkConnectionAction/remoteIpDetails/country/countryName',
            ],
            'product_asn': [
                'awsApiCallAction/remoteIpDetails/organization/asn', 'networkConnectionAction/remoteIpDetails/organization/asn',
            ],
        }.items() -%}
            coalesce(
                {%- for key in keys %}
                    {{ json_text('asff.ProductFields', 'aws/guardduty/service/action/' ~ key) }},
                    {{ json_text('asff.ProductFields', 'action/' ~ key) }},
                {%- endfor %}
                cast(null as varchar)
            ) as {{ name }},
        {% endfor -%}
        coalesce(
            asff.Compliance.SecurityControlId, {{ json_text('asff.ProductFields', 'ControlId') }},
            {{ json_text('asff.ProductFields', 'RuleId') }}, asff.GeneratorId
        ) as asff_control,
        coalesce(
            {{ json_text('asff.ProductFields', 'StandardsArn') }}, {{ json_text('asff.ProductFields', 'StandardsGuideArn') }}
        ) as asff_standard
    from parsed

),

judged as (

    select
        opened.*,
        case
            when nullif(asff.Id, '') is not null then 'asff'
            when nullif(info.uid, '') is not null then 'ocsf'
        end as form,
        case
            when {{ list_length('asff_vulnerabilities') }} > 0 then 'vulnerability'
            when asff.Compliance.Status is not null then 'control'
            when asff_type like 'Software and Configuration Checks/%' and asff_type not like '%/Vulnerabilities/%' then 'control'
            else 'threat'
        end as asff_family,
        case
            when ocsf.class_uid = '2002' and {{ list_length('ocsf_vulnerabilities') }} > 0 then 'vulnerability'
            when ocsf.class_uid = '2003' then 'control'
            when ocsf.class_uid = '2004' then 'threat'
            else 'class ' || ocsf.class_uid
        end as ocsf_family,
        case
            when is_archived or workflow in ('RESOLVED', 'SUPPRESSED') then 'closed'
            when asff.CreatedAt = asff.UpdatedAt then 'new'
            else 'changed'
        end as asff_life,
        case ocsf.activity_id when '1' then 'new' when '2' then 'changed' when '3' then 'closed' end as ocsf_life,
        case
            when workflow = 'SUPPRESSED' then 3
            when workflow = 'RESOLVED' then 4
            when is_archived then 5
            when workflow in ('NOTIFIED', 'ASSIGNED', 'IN_PROGRESS', 'DEFERRED') then 2
            when workflow = 'NEW' then 1
            else 0
        end as asff_status,
        case upper(asff.Severity.Label)
            when 'INFORMATIONAL' then 1 when 'LOW' then 2 when 'MEDIUM' then 3 when 'HIGH' then 4 when 'CRITICAL' then 5
            else
                case
                    when normalized >= 90 then 5
                    when normalized >= 70 then 4
                    when normalized >= 40 then 3
                    when normalized >= 1 then 2
                    when normalized >= 0 then 1
                    else 0
                end
        end as asff_severity
    from opened

),

named as (

    select
        judged.*,
        case form when 'asff' then asff_family || '_' || asff_life when 'ocsf' then ocsf_family || '_' || ocsf_life end as kind,
        coalesce(
            asff_type, {{ list_item('info.types', 1) }}, case when form is null then {{ json_text('raw', 'detail-type') }} end
        ) as code,
        case form when 'ocsf' then coalesce(try_cast(ocsf.severity_id as integer), 0) else asff_severity end as grade,
        case form when 'ocsf' then coalesce(try_cast(ocsf.status_id as integer), 0) else asff_status end as standing,
        coalesce(info.title, asff.Title) as title,
        coalesce(asff.AwsAccountId, ocsf.cloud.account.uid) as account,
        coalesce(
            {{ list_map('asff.Resources', struct_of({
                'uid': 'item.Id', 'name': 'item.Tags.Name', 'type': 'item.Type', 'account_uid': 'asff.AwsAccountId',
            })) }},
            {{ list_map('ocsf.resources', struct_of({
                'uid': 'item.uid', 'name': 'item.name', 'type': 'item.type',
                'account_uid': 'coalesce(item.owner.account.uid, ocsf.cloud.account.uid)',
            })) }}
        ) as affected
    from judged

),

sided as (

    select
        named.*,
        coalesce(api_call.RemoteIpDetails, flow.RemoteIpDetails, probe.RemoteIpDetails) as remote,
        coalesce(flow.ConnectionDirection, product_direction, '') = 'OUTBOUND' as is_outbound,
        coalesce(flow.RemotePortDetails.Port, product_port) as remote_port,
        coalesce(flow.LocalPortDetails.Port, probe.LocalPortDetails.Port, product_own_port) as own_port,
        coalesce(probe.LocalIpDetails.IpAddressV4, product_own_ip) as own_ip
    from named

),

classified as (

    select
        sided.*,
        coalesce(kinds.class_uid, 0) as to_class,
        coalesce(kinds.activity_id, 99) as to_activity,
        {{ list_item('sided.affected', 1) }} as first_affected,
        coalesce(sided.remote.IpAddressV4, sided.product_ip) as remote_ip,
        coalesce(sided.remote.Country.CountryName, sided.product_country) as remote_country,
        try_cast(coalesce(sided.remote.Organization.Asn, sided.product_asn) as bigint) as remote_asn
    from sided
    left join kinds on sided.kind = kinds.kind

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            'aws_securityhub', 'Security Hub', 'AWS', uid="coalesce(asff.Id, ocsf.metadata.uid, info.uid)", code='code',
        ) }},
        {{ timestamp_of_text('asff.FirstObservedAt') }} as start_time_dt,
        {{ timestamp_of_text('asff.LastObservedAt') }} as end_time_dt,
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'code') }},
        cast(grade as integer) as severity_id,
        {{ severity_name('grade') }} as severity,
        cast(case when to_class = 0 then 0 else standing end as integer) as status_id,
        case
            when to_class = 0 then 'Unknown'
            else {{ finding_status_name('standing') }}
        end as status,
        coalesce(reason.ReasonCode, ocsf.status_code) as status_code,
        coalesce(reason.Description, ocsf.status_detail) as status_detail,
        title as message,
        -- actor
        coalesce(
            key_resource.Details.AwsIamAccessKey.PrincipalName, key_resource.Details.AwsIamAccessKey.UserName, evidence.actor.user.name
        ) as actor_user_name,
        coalesce(key_resource.Details.AwsIamAccessKey.PrincipalId, evidence.actor.user.uid) as actor_user_uid,
        coalesce(key_resource.Details.AwsIamAccessKey.PrincipalType, evidence.actor.user.type) as actor_user_type,
        case when key_resource is not null then account end as actor_user_account_uid,
        coalesce(key_resource.Details.AwsIamAccessKey.AccessKeyId, evidence.actor.user.credential_uid) as actor_user_credential_uid,
        -- network
        {% for side, field, is_far in [('src', 'Source', 'not is_outbound'), ('dst', 'Destination', 'is_outbound')] -%}
            {%- set ip -%}
                coalesce(
                    asff.Network.{{ field }}IpV4, asff.Network.{{ field }}IpV6,
                    case when {{ is_far }} then remote_ip else own_ip end, evidence.{{ side }}_endpoint.ip
                )
            {%- endset -%}
            case when {{ is_ip(ip) }} then {{ ip }} end as {{ side }}_endpoint_ip,
            try_cast(coalesce(
                asff.Network.{{ field }}Port, case when {{ is_far }} then remote_port else own_port end, evidence.{{ side }}_endpoint.port
            ) as integer) as {{ side }}_endpoint_port,
            {% if side == 'src' -%}
                evidence.src_endpoint.hostname as src_endpoint_hostname,
            {% else -%}
                coalesce(asff.Action.DnsRequestAction.Domain, product_domain, evidence.dst_endpoint.hostname) as dst_endpoint_hostname,
            {% endif -%}
            coalesce(asff.Network.{{ field }}Domain, evidence.{{ side }}_endpoint.domain) as {{ side }}_endpoint_domain,
            case when {{ is_far }} then remote_country end as {{ side }}_endpoint_country,
            case when {{ is_far }} then remote_asn end as {{ side }}_endpoint_asn,
        {% endfor -%}
        coalesce(api_call.ServiceName, product_service, evidence.api.service.name) as dst_endpoint_svc_name,
        -- api and cloud
        coalesce(api_call.Api, product_api, evidence.api.operation) as api_operation,
        coalesce(api_call.ServiceName, product_service, evidence.api.service.name) as api_service_name,
        'AWS' as cloud_provider,
        account as cloud_account_uid,
        coalesce(asff.Region, asff_resource.Region, ocsf.cloud.region) as cloud_region,
        first_affected.uid as resource_uid,
        first_affected.name as resource_name,
        first_affected.type as resource_type,
        affected as resources,
        {{ json_without('raw', [
            'Id', 'AwsAccountId', 'Region', 'Types', 'Title', 'Description', 'CreatedAt', 'UpdatedAt', 'FirstObservedAt', 'LastObservedAt',
            'RecordState', 'Workflow', 'Remediation', 'class_uid', 'class_name', 'category_uid', 'category_name', 'activity_id',
            'activity_name', 'type_uid', 'type_name', 'severity_id', 'severity', 'status_id', 'status', 'message', 'finding_info',
            'compliance', 'vulnerabilities', 'remediation',
        ]) }} as unmapped,
        -- class extras
        case when to_class <> 0 then coalesce(asff.Id, info.uid) end as finding_info_uid,
        case when to_class <> 0 then coalesce(nullif(title, ''), code, asff.Id, info.uid) end as finding_info_title,
        coalesce(asff.Description, info.desc) as finding_info_desc,
        coalesce(asff.Types, info.types) as finding_info_types,
        coalesce(asff.GeneratorId, info.analytic.uid) as finding_info_analytic_uid,
        coalesce(
            asff.ProductName, {{ json_text('asff.ProductFields', 'aws/securityhub/ProductName') }}, ocsf.metadata.product.name
        ) as finding_info_product_name,
        coalesce(asff.SourceUrl, info.src_url) as finding_info_src_url,
        {% for name, asff_name, ocsf_name in [
            ('created', 'CreatedAt', 'created_time'), ('modified', 'UpdatedAt', 'modified_time'),
            ('first_seen', 'FirstObservedAt', 'first_seen_time'), ('last_seen', 'LastObservedAt', 'last_seen_time'),
        ] -%}
            coalesce(
                {{ timestamp_of_text('asff.' ~ asff_name) }}, {{ timestamp_of_text('info.' ~ ocsf_name ~ '_dt') }},
                {{ timestamp_of_ms('try_cast(info.' ~ ocsf_name ~ ' as bigint)') }}
            ) as finding_info_{{ name }}_dt,
        {% endfor -%}
        try_cast(coalesce(
            {{ json_text('asff.ProductFields', 'aws/guardduty/service/count') }}, {{ json_text('asff.ProductFields', 'count') }}, ocsf.count
        ) as bigint) as count,
        try_cast(ocsf.confidence_id as integer) as confidence_id,
        coalesce(asff.Remediation.Recommendation.Text, ocsf.remediation.desc) as remediation_desc,
        coalesce(
            case when asff.Remediation.Recommendation.Url is not null then {{ list_of(['asff.Remediation.Recommendation.Url']) }} end,
            {{ list_item('asff.Vulnerabilities', 1) }}.ReferenceUrls, ocsf.remediation.references
        ) as remediation_references,
        case to_class when 2002 then case form when 'asff' then asff_vulnerabilities else ocsf_vulnerabilities end end as vulnerabilities,
        case to_class when 2003 then coalesce(asff_control, ocsf.compliance.control) end as compliance_control,
        case to_class
            when 2003 then coalesce(
                {{ list_map('asff.Compliance.AssociatedStandards', 'item.StandardsId') }},
                case when asff_standard is not null then {{ list_of(['asff_standard']) }} end, ocsf.compliance.standards
            )
        end as compliance_standards,
        case to_class
            when 2003 then coalesce(asff.Compliance.RelatedRequirements, ocsf.compliance.requirements)
        end as compliance_requirements,
        cast(case to_class
            when 2003 then case form
                when 'ocsf' then coalesce(try_cast(ocsf.compliance.status_id as integer), 0)
                else case asff.Compliance.Status when 'PASSED' then 1 when 'WARNING' then 2 when 'FAILED' then 3 else 0 end
            end
        end as integer) as compliance_status_id,
        case to_class when 2003 then coalesce(asff.Compliance.Status, ocsf.compliance.status) end as compliance_status,
        case to_class
            when 2004 then coalesce(
                {{ list_where(
                    list_map(
                        list_where('asff.Types', "item like 'TTPs/%'"), attack_tactic_uid("split_part(item, '/', 2)")
                    ), 'item is not null'
                ) }},
                {{ list_map('info.attacks', 'item.tactic.uid') }}
            )
        end as attack_tactic_uids,
        case to_class when 2004 then {{ list_map('info.attacks', 'item.technique.uid') }} end as attack_technique_uids,
        case to_class
            when 2004 then case form
                when 'ocsf' then try_cast(ocsf.is_alert as boolean)
                else asff_life <> 'closed' and coalesce(asff.Sample <> 'true', true)
            end
        end as is_alert
    from classified

)

select * from final
