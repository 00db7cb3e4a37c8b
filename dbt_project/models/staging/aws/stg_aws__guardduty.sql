{{ routes_to(['detection_finding', 'base_event']) }}

{# https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Finding.html, and guardduty_findings-summary.html for sequences #}
{% set remote = {
    'ipAddressV4': 'string', 'ipAddressV6': 'string', 'country': {'countryName': 'string'}, 'organization': {'asn': 'string'},
} %}
{% set local = {'ipAddressV4': 'string', 'ipAddressV6': 'string'} %}
{% set port = {'port': 'string'} %}
{% set named = {'arn': 'string', 'name': 'string'} %}
{% set finding_fields = {
    'id': 'string', 'arn': 'string', 'accountId': 'string', 'region': 'string', 'type': 'string', 'title': 'string',
    'description': 'string', 'severity': 'string', 'createdAt': 'string', 'updatedAt': 'string',
    'resource': {
        'resourceType': 'string',
        'accessKeyDetails': {'accessKeyId': 'string', 'principalId': 'string', 'userType': 'string', 'userName': 'string'},
        'instanceDetails': {
            'instanceId': 'string',
            'networkInterfaces': [{'privateIpAddress': 'string', 'publicIp': 'string', 'vpcId': 'string'}],
        },
        's3BucketDetails': [named], 'eksClusterDetails': named, 'ecsClusterDetails': named,
        'containerDetails': {'id': 'string', 'name': 'string'},
        'kubernetesDetails': {'kubernetesUserDetails': {'username': 'string', 'uid': 'string'}},
        'rdsDbInstanceDetails': {'dbInstanceArn': 'string', 'dbInstanceIdentifier': 'string'},
        'rdsLimitlessDbDetails': {'dbShardGroupArn': 'string', 'dbShardGroupIdentifier': 'string'},
        'rdsDbUserDetails': {'user': 'string'}, 'lambdaDetails': {'functionArn': 'string', 'functionName': 'string'},
    },
    'service': {
        'count': 'string', 'archived': 'string', 'eventFirstSeen': 'string', 'eventLastSeen': 'string', 'resourceRole': 'string',
        'additionalInfo': {'sample': 'string'},
        'action': {
            'actionType': 'string',
            'awsApiCallAction': {
                'api': 'string', 'serviceName': 'string', 'errorCode': 'string', 'userAgent': 'string', 'remoteIpDetails': remote,
                'domainDetails': {'domain': 'string'},
            },
            'networkConnectionAction': {
                'connectionDirection': 'string', 'blocked': 'string', 'localIpDetails': local, 'localPortDetails': port,
                'remoteIpDetails': remote, 'remotePortDetails': port,
            },
            'portProbeAction': {
                'blocked': 'string',
                'portProbeDetails': [{'localIpDetails': local, 'localPortDetails': port, 'remoteIpDetails': remote}],
            },
            'dnsRequestAction': {'domain': 'string', 'blocked': 'string'},
            'kubernetesApiCallAction': {
                'verb': 'string', 'statusCode': 'string', 'userAgent': 'string', 'sourceIPs': ['string'], 'remoteIpDetails': remote,
            },
            'rdsLoginAttemptAction': {'remoteIpDetails': remote},
        },
        'detection': {'sequence': {
            'actors': [{'user': {'name': 'string', 'uid': 'string', 'type': 'string', 'credentialUid': 'string'}}],
            'endpoints': [{
                'ip': 'string', 'location': {'country': 'string'}, 'autonomousSystem': {'number': 'string'},
            }],
            'resources': [{'uid': 'string', 'name': 'string', 'resourceType': 'string', 'accountId': 'string'}],
            'sequenceIndicators': [{'key': 'string', 'values': ['string']}],
        }},
    },
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'aws_guardduty')) }}

),

kinds as (

    select * from {{ ref('aws_guardduty') }}

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
        finding.resource as target,
        finding.resource.accessKeyDetails as access_key,
        finding.resource.kubernetesDetails.kubernetesUserDetails as kubernetes_user,
        {{ list_item('finding.resource.instanceDetails.networkInterfaces', 1) }} as interface,
        {{ list_item('finding.resource.s3BucketDetails', 1) }} as bucket,
        finding.service.action.awsApiCallAction as aws_call,
        finding.service.action.kubernetesApiCallAction as kubernetes_call,
        finding.service.action.networkConnectionAction as flow,
        {{ list_item('finding.service.action.portProbeAction.portProbeDetails', 1) }} as probe,
        finding.service.action.dnsRequestAction as dns,
        finding.service.detection.sequence as attack,
        {{ list_item('finding.service.detection.sequence.actors', 1) }} as sequence_actor,
        {{ list_item('finding.service.detection.sequence.endpoints', 1) }} as sequence_endpoint,
        {{ list_item('finding.service.detection.sequence.resources', 1) }} as sequence_resource,
        {{ list_item(list_where('finding.service.detection.sequence.sequenceIndicators', "item.key = 'ATTACK_TACTIC'"), 1) }}
            as sequence_tactics,
        {{ list_item(list_where('finding.service.detection.sequence.sequenceIndicators', "item.key = 'ATTACK_TECHNIQUE'"), 1) }}
            as sequence_techniques,
        coalesce(finding.service.archived = 'true', false) as is_archived,
        coalesce(finding.service.additionalInfo.sample = 'true', false) as is_sample,
        try_cast(finding.severity as double) as severity_value,
        -- the purpose is a tactic's name, or a word of GuardDuty's own
        {{ attack_tactic_uid("split_part(finding.type, ':', 1)") }} as tactic
    from parsed

),

sided as (

    select
        opened.*,
        coalesce(
            aws_call.remoteIpDetails, kubernetes_call.remoteIpDetails, flow.remoteIpDetails, probe.remoteIpDetails,
            finding.service.action.rdsLoginAttemptAction.remoteIpDetails
        ) as remote,
        coalesce(flow.localIpDetails, probe.localIpDetails) as own,
        try_cast(coalesce(flow.localPortDetails.port, probe.localPortDetails.port) as integer) as own_port,
        try_cast(flow.remotePortDetails.port as integer) as remote_port,
        -- whether the instance spoke, and another was spoken to
        dns is not null
        or coalesce(flow.connectionDirection = 'OUTBOUND', false)
        or (
            flow is not null
            and coalesce(flow.connectionDirection, '') not in ('INBOUND', 'OUTBOUND')
            and coalesce(finding.service.resourceRole = 'ACTOR', false)
        ) as is_outbound,
        coalesce(flow.blocked, finding.service.action.portProbeAction.blocked, dns.blocked) as is_blocked,
        case
            when nullif(finding.id, '') is null or nullif(finding.type, '') is null then cast(null as varchar)
            when is_archived then 'archived'
            when finding.createdAt = finding.updatedAt then 'new'
            else 'changed'
        end as kind
    from opened

),

classified as (

    select
        sided.*,
        coalesce(kinds.class_uid, 0) as to_class,
        coalesce(kinds.activity_id, 99) as to_activity,
        coalesce(remote.ipAddressV4, remote.ipAddressV6, {{ list_item('kubernetes_call.sourceIPs', 1) }}, sequence_endpoint.ip)
            as remote_ip,
        coalesce(own.ipAddressV4, own.ipAddressV6, interface.privateIpAddress) as own_ip,
        -- an event of GuardDuty that holds no finding says at least what it is
        coalesce(finding.type, case when finding.type is null then {{ json_text('raw', 'detail-type') }} end) as code,
        coalesce(remote.country.countryName, sequence_endpoint.location.country) as remote_country,
        try_cast(coalesce(remote.organization.asn, sequence_endpoint.autonomousSystem.number) as bigint) as remote_asn,
        coalesce(
            target.instanceDetails.instanceId, bucket.arn, target.eksClusterDetails.arn, target.ecsClusterDetails.arn,
            target.rdsDbInstanceDetails.dbInstanceArn, target.rdsLimitlessDbDetails.dbShardGroupArn, target.lambdaDetails.functionArn,
            target.containerDetails.id, access_key.accessKeyId, sequence_resource.uid
        ) as primary_uid,
        coalesce(
            target.instanceDetails.instanceId, bucket.name, target.eksClusterDetails.name, target.ecsClusterDetails.name,
            target.rdsDbInstanceDetails.dbInstanceIdentifier, target.rdsLimitlessDbDetails.dbShardGroupIdentifier,
            target.lambdaDetails.functionName, target.containerDetails.name, access_key.userName, sequence_resource.name
        ) as primary_name,
        coalesce(sequence_resource.resourceType, target.resourceType) as primary_type,
        case
            when sided.severity_value >= 9 then 5
            when sided.severity_value >= 7 then 4
            when sided.severity_value >= 4 then 3
            when sided.severity_value >= 1 then 2
            when sided.severity_value >= 0 then 1
            else 0
        end as grade
    from sided
    left join kinds on sided.kind = kinds.kind

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            'aws_guardduty', 'GuardDuty', 'AWS', uid='finding.id', code='code',
            profiles=['cloud', 'datetime', 'security_control'],
        ) }},
        {{ timestamp_of_text('finding.service.eventFirstSeen') }} as start_time_dt,
        {{ timestamp_of_text('finding.service.eventLastSeen') }} as end_time_dt,
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'code') }},
        cast(grade as integer) as severity_id,
        {{ severity_name('grade') }} as severity,
        cast(case when to_class = 0 then 0 when is_archived then 5 else 1 end as integer) as status_id,
        case when to_class = 0 then 'Unknown' when is_archived then 'Archived' else 'New' end as status,
        cast(case is_blocked when 'true' then 2 when 'false' then 1 end as integer) as action_id,
        cast(case is_blocked when 'true' then 2 when 'false' then 1 end as integer) as disposition_id,
        finding.title as message,
        -- actor
        coalesce(
            case
                when access_key.principalId like '%:%' then access_key.userName || '/' || split_part(access_key.principalId, ':', 2)
                else access_key.userName
            end,
            kubernetes_user.username, target.rdsDbUserDetails.user, sequence_actor.user.name
        ) as actor_user_name,
        coalesce(access_key.principalId, kubernetes_user.uid, sequence_actor.user.uid) as actor_user_uid,
        coalesce(access_key.userType, sequence_actor.user.type) as actor_user_type,
        cast(
            case coalesce(access_key.userType, sequence_actor.user.type)
                when 'Root' then 2 when 'IAMUser' then 1 when 'AWSService' then 3 else
                    case when coalesce(access_key.userType, sequence_actor.user.type) is not null then 99 end
            end as integer
        ) as actor_user_type_id,
        case when access_key is not null then finding.accountId end as actor_user_account_uid,
        coalesce(access_key.accessKeyId, sequence_actor.user.credentialUid) as actor_user_credential_uid,
        -- network
        case when is_outbound then own_ip when {{ is_ip('remote_ip') }} then remote_ip end as src_endpoint_ip,
        case when is_outbound then own_port else remote_port end as src_endpoint_port,
        case when not is_outbound then nullif(aws_call.domainDetails.domain, '') end as src_endpoint_domain,
        case when not is_outbound and remote_ip is null then nullif(aws_call.domainDetails.domain, '') end as src_endpoint_svc_name,
        case when is_outbound then target.instanceDetails.instanceId end as src_endpoint_instance_uid,
        case when is_outbound then interface.vpcId end as src_endpoint_vpc_uid,
        case when not is_outbound then remote_country end as src_endpoint_country,
        case when not is_outbound then remote_asn end as src_endpoint_asn,
        case when not is_outbound then own_ip when {{ is_ip('remote_ip') }} then remote_ip end as dst_endpoint_ip,
        case when is_outbound then remote_port else own_port end as dst_endpoint_port,
        nullif(dns.domain, '') as dst_endpoint_hostname,
        aws_call.serviceName as dst_endpoint_svc_name,
        case when not is_outbound then target.instanceDetails.instanceId end as dst_endpoint_instance_uid,
        case when not is_outbound then interface.vpcId end as dst_endpoint_vpc_uid,
        case when is_outbound then remote_country end as dst_endpoint_country,
        case when is_outbound then remote_asn end as dst_endpoint_asn,
        -- api and cloud
        coalesce(aws_call.api, kubernetes_call.verb) as api_operation,
        aws_call.serviceName as api_service_name,
        try_cast(kubernetes_call.statusCode as integer) as api_response_code,
        nullif(aws_call.errorCode, '') as api_response_error,
        'AWS' as cloud_provider,
        finding.accountId as cloud_account_uid,
        finding.region as cloud_region,
        nullif(coalesce(aws_call.userAgent, kubernetes_call.userAgent), '') as http_user_agent,
        primary_uid as resource_uid,
        primary_name as resource_name,
        primary_type as resource_type,
        case
            when attack.resources is not null
                then {{ list_map('attack.resources', struct_of({
                    'uid': 'item.uid', 'name': 'item.name', 'type': 'item.resourceType', 'account_uid': 'item.accountId',
                })) }}
            when primary_uid is not null
                then {{ list_of([struct_of({
                    'uid': 'primary_uid', 'name': 'primary_name', 'type': 'primary_type', 'account_uid': 'finding.accountId',
                })]) }}
        end as resources,
        {{ json_without('raw', [
            'id', 'accountId', 'region', 'type', 'title', 'description', 'severity', 'createdAt', 'updatedAt',
        ]) }} as unmapped,
        -- class extras
        case when to_class = 2004 then finding.id end as finding_info_uid,
        case when to_class = 2004 then coalesce(finding.title, finding.type) end as finding_info_title,
        finding.description as finding_info_desc,
        case when finding.type is not null then {{ list_of(['finding.type']) }} end as finding_info_types,
        finding.type as finding_info_analytic_uid,
        {{ timestamp_of_text('finding.createdAt') }} as finding_info_created_dt,
        {{ timestamp_of_text('finding.updatedAt') }} as finding_info_modified_dt,
        {{ timestamp_of_text('finding.service.eventFirstSeen') }} as finding_info_first_seen_dt,
        {{ timestamp_of_text('finding.service.eventLastSeen') }} as finding_info_last_seen_dt,
        try_cast(finding.service.count as bigint) as count,
        coalesce(
            {{ list_map('sequence_tactics.values', attack_tactic_uid('item')) }},
            case when tactic is not null then {{ list_of(['tactic']) }} end
        ) as attack_tactic_uids,
        {{ list_map('sequence_techniques.values', "nullif(regexp_extract(item, '(T[0-9]{4}([.][0-9]{3})?)', 1), '')") }}
            as attack_technique_uids,
        case when to_class = 2004 then not is_archived and not is_sample end as is_alert
    from classified

)

select * from final
