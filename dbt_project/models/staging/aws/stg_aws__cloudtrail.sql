{{ routes_to([
    'api_activity', 'datastore_activity', 'authentication', 'account_change', 'user_access', 'detection_finding', 'base_event',
]) }}

{# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html #}
{% set event_fields = {
    'eventVersion': 'json', 'eventSource': 'string', 'eventName': 'string', 'eventType': 'json',
    'eventCategory': 'json', 'eventID': 'string', 'sharedEventID': 'json', 'requestID': 'string',
    'awsRegion': 'string', 'recipientAccountId': 'string', 'apiVersion': 'string', 'readOnly': 'json',
    'managementEvent': 'json', 'sourceIPAddress': 'string', 'userAgent': 'string', 'errorCode': 'string',
    'errorMessage': 'string', 'requestParameters': 'json', 'responseElements': 'json', 'additionalEventData': 'json',
    'serviceEventDetails': 'json', 'insightDetails': 'json', 'insightContext': 'json', 'eventContext': 'json', 'tlsDetails': 'json',
    'edgeDeviceDetails': 'json', 'addendum': 'json', 'sessionCredentialFromConsole': 'json', 'vpcEndpointId': 'string',
    'vpcEndpointAccountId': 'json', 'annotation': 'json', 'resources': [{'ARN': 'string', 'accountId': 'string', 'type': 'string'}],
    'userIdentity': {
        'type': 'string', 'principalId': 'string', 'arn': 'string', 'accountId': 'string', 'accessKeyId': 'string',
        'userName': 'string', 'invokedBy': 'string', 'identityProvider': 'string', 'credentialId': 'string',
        'inScopeOf': 'json', 'onBehalfOf': {'userId': 'string', 'identityStoreArn': 'string'},
        'sessionContext': {
            'sessionIssuer': {'arn': 'string', 'accountId': 'string', 'userName': 'string'},
            'attributes': {'mfaAuthenticated': 'string'},
            'webIdFederationData': 'json', 'sourceIdentity': 'json', 'ec2RoleDelivery': 'json', 'assumedRoot': 'json',
        },
    },
} %}
{% set request_fields = {
    'bucketName': 'string', 'key': 'string', 'roleArn': 'string', 'roleSessionName': 'string', 'userName': 'string',
    'roleName': 'string', 'groupName': 'string', 'policyArn': 'string', 'policyName': 'string', 'accessKeyId': 'string',
    'serialNumber': 'string', 'permissionSetArn': 'string', 'principalId': 'string', 'principalType': 'string',
    'userId': 'string', 'secretId': 'string', 'name': 'string', 'trailName': 'string', 'keyId': 'string',
    'instanceId': 'string', 'functionName': 'string', 'tableName': 'string', 'dBInstanceIdentifier': 'string',
    'database': 'string', 'clusterIdentifier': 'string', 'queryExecutionContext': {'database': 'string'},
    'groupId': 'string', 'logGroupName': 'string', 'snapshotId': 'string', 'volumeId': 'string', 'vpcId': 'string',
    'topicArn': 'string', 'queueUrl': 'string', 'repositoryName': 'string', 'resourceArn': 'string', 'stackName': 'string',
    'service': 'string', 'serviceName': 'string', 'family': 'string', 'taskDefinition': 'string',
    'instancesSet': {'items': [{'instanceId': 'string'}]},
} %}
{% set response_fields = {
    'ConsoleLogin': 'string', 'CheckMfa': 'string', 'SwitchRole': 'string',
    'assumedRoleUser': {'arn': 'string'}, 'federatedUser': {'arn': 'string'},
    'credentials': {'accessKeyId': 'string'}, 'accessKey': {'accessKeyId': 'string', 'userName': 'string'},
    'user': {'arn': 'string', 'userId': 'string', 'userName': 'string'}, 'role': {'arn': 'string'},
    'policy': {'arn': 'string'}, 'instancesSet': {'items': [{'instanceId': 'string'}]},
    'service': {'serviceArn': 'string'}, 'taskDefinition': {'taskDefinitionArn': 'string'}, 'stackId': 'string',
} %}
{% set extra_fields = {
    'MFAUsed': 'string', 'MfaType': 'string', 'UserName': 'string', 'bytesTransferredIn': 'string', 'bytesTransferredOut': 'string',
} %}
{% set detail_fields = {
    'CredentialChallenge': 'string', 'CredentialVerification': 'string', 'UserAuthentication': 'string',
} %}
{# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-insights-fields-trails.html #}
{% set insight_fields = {
    'eventType': 'string', 'sharedEventID': 'string',
    'insightDetails': {
        'state': 'string', 'eventSource': 'string', 'eventName': 'string', 'insightType': 'string', 'errorCode': 'string',
        'insightContext': {
            'statistics': {'baseline': {'average': 'string'}, 'insight': {'average': 'string'}, 'insightDuration': 'string'},
            'attributions': [{'attribute': 'string', 'insight': [{'value': 'string'}]}],
        },
    },
} %}
{% set no_text = 'cast(null as varchar)' %}

with

records as (

    select * from {{ new_rows(source('bronze', 'aws_cloudtrail')) }}

),

kinds as (

    select * from {{ ref('aws_cloudtrail') }}

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
        event.userIdentity as identity,
        event.userIdentity.sessionContext as session,
        {{ parse_json('event.requestParameters', request_fields) }} as request,
        {{ parse_json('event.responseElements', response_fields) }} as response,
        {{ parse_json('event.additionalEventData', extra_fields) }} as extra,
        {{ parse_json('event.serviceEventDetails', detail_fields) }} as detail,
        {{ list_item('event.resources', 1) }} as first_resource,
        case when event.insightDetails is not null then {{ parse_json('raw', insight_fields) }} end as insight,
        case
            when event.awsRegion like 'cn-%' then 'arn:aws-cn:'
            when event.awsRegion like 'us-gov-%' then 'arn:aws-us-gov:'
            else 'arn:aws:'
        end as arn_prefix,
        event.eventSource in ('s3.amazonaws.com', 's3express.amazonaws.com') as is_s3,
        event.eventSource = 'iam.amazonaws.com' as is_iam,
        {{ is_ip('event.sourceIPAddress') }} as is_from_ip
    from parsed

),

-- unusual activity is a finding, of the id that its begin and its end share; whose calls were the most comes first
sided as (

    select
        opened.*,
        insight.insightDetails as unusual,
        insight.insightDetails.insightContext.statistics as rates,
        coalesce(insight.eventType = 'AwsCloudTrailInsight' and insight.sharedEventID <> '', false) as is_insight,
        {{ list_item(list_where('insight.insightDetails.insightContext.attributions', "item.attribute = 'userIdentityArn'"), 1) }}.insight
            as callers
    from opened

),

named as (

    select
        sided.*,
        {{ cloudtrail_caller_names(unnamed=list_item('callers', 1) ~ '.value') }},
        -- what the result was
        coalesce(
            response.ConsoleLogin, response.CheckMfa, response.SwitchRole,
            detail.CredentialChallenge, detail.CredentialVerification, detail.UserAuthentication
        ) as logon_result,
        nullif(event.errorCode, '') as error_code,
        nullif(event.errorMessage, '') as error_message,
        -- which store
        coalesce(
            request.tableName,
            case
                when event.eventSource = 'dynamodb.amazonaws.com'
                    then nullif(regexp_extract(first_resource.ARN, ':table/([^/]+)', 1), '')
            end
        ) as store_table,
        coalesce(
            request.database, request.queryExecutionContext.database,
            case
                when event.eventSource in ('rds-data.amazonaws.com', 'redshift-data.amazonaws.com')
                    then coalesce(request.resourceArn, request.clusterIdentifier)
            end
        ) as store_database,
        -- which resource, where the request or the response names it
        case
            when event.eventSource = 'ec2.amazonaws.com'
                then coalesce(
                    request.instanceId,
                    {{ list_item('request.instancesSet.items', 1) }}.instanceId,
                    {{ list_item('response.instancesSet.items', 1) }}.instanceId
                )
        end as instance_uid,
        case
            when event.eventSource = 'ecs.amazonaws.com'
                then coalesce(response.service.serviceArn, request.service, request.serviceName)
        end as service_uid,
        case
            when event.eventSource = 'ecs.amazonaws.com'
                then coalesce(response.taskDefinition.taskDefinitionArn, request.taskDefinition, request.family)
        end as task_uid,
        case when event.eventSource = 'cloudformation.amazonaws.com' then coalesce(response.stackId, request.stackName) end as stack_uid
    from sided

),

matched as (

    select
        named.*,
        kinds.activity_id as kind_activity,
        -- a call that does not say which store or which privilege lacks what its class requires: it is still a call
        case
            when kinds.class_uid = 6005 and coalesce(named.request.bucketName, named.store_table, named.store_database) is null then null
            when kinds.class_uid = 3005 and named.request.permissionSetArn is null then null
            when kinds.class_uid = 2004 and not named.is_insight then null
            else kinds.class_uid
        end as kind_class
    from named
    left join kinds
        on
            case when named.is_insight then 'AwsCloudTrailInsight' else named.event.eventSource end = kinds.event_source
            and case when named.is_insight then named.unusual.state else named.event.eventName end = kinds.event_name

),

classified as (

    select
        matched.*,
        case when is_insight or event.eventName is null then coalesce(kind_class, 0) else coalesce(kind_class, 6003) end as to_class,
        case
            when is_insight or event.eventName is null then coalesce(kind_activity, 99)
            when kind_class is not null then kind_activity
            else {{ api_activity_of('event.eventName', 'cast(event.readOnly as varchar)') }}
        end as to_activity,
        case
            when event.eventName is null then 0
            when error_code is not null or error_message is not null or logon_result = 'Failure' then 2
            else 1
        end as result,
        -- the resource: one kind of name after the other, the most exact first
        case
            when is_s3 and request.key is not null then 'AWS::S3::Object'
            when is_s3 and request.bucketName is not null then 'AWS::S3::Bucket'
            when event.eventSource = 'secretsmanager.amazonaws.com' then 'secret'
            when instance_uid is not null then 'AWS::EC2::Instance'
            when is_iam and request.roleName is not null then 'AWS::IAM::Role'
            when is_iam and request.userName is not null then 'AWS::IAM::User'
            when is_iam and request.groupName is not null then 'AWS::IAM::Group'
            when is_iam and coalesce(request.policyArn, request.policyName) is not null then 'AWS::IAM::Policy'
            when is_iam and request.serialNumber is not null then 'AWS::IAM::MFADevice'
            when first_resource.ARN is not null then first_resource.type
            -- elsewhere it is the role that a service is to take
            when request.roleArn is not null and event.eventSource = 'sts.amazonaws.com' then 'AWS::IAM::Role'
            when event.eventSource = 'cloudtrail.amazonaws.com' and coalesce(request.name, request.trailName) is not null
                then 'AWS::CloudTrail::Trail'
            when request.keyId is not null and event.eventSource = 'kms.amazonaws.com' then 'AWS::KMS::Key'
            when request.functionName is not null then 'AWS::Lambda::Function'
            when service_uid is not null then 'AWS::ECS::Service'
            when task_uid is not null then 'AWS::ECS::TaskDefinition'
            when stack_uid is not null then 'AWS::CloudFormation::Stack'
            when store_table is not null and event.eventSource = 'dynamodb.amazonaws.com' then 'AWS::DynamoDB::Table'
            when store_table is not null and event.eventSource = 'glue.amazonaws.com' then 'AWS::Glue::Table'
            when request.dBInstanceIdentifier is not null then 'AWS::RDS::DBInstance'
            when request.groupId is not null and event.eventSource = 'ec2.amazonaws.com' then 'AWS::EC2::SecurityGroup'
            when request.snapshotId is not null then 'AWS::EC2::Snapshot'
            when request.volumeId is not null then 'AWS::EC2::Volume'
            when request.vpcId is not null then 'AWS::EC2::VPC'
            when request.logGroupName is not null then 'AWS::Logs::LogGroup'
            when request.topicArn is not null then 'AWS::SNS::Topic'
            when request.queueUrl is not null then 'AWS::SQS::Queue'
            when request.repositoryName is not null and event.eventSource = 'codecommit.amazonaws.com' then 'AWS::CodeCommit::Repository'
            when request.repositoryName is not null then 'AWS::ECR::Repository'
        end as kind_of_resource
    from matched

),

resourced as (

    select
        classified.*,
        case kind_of_resource
            when 'AWS::S3::Object' then arn_prefix || 's3:::' || request.bucketName || '/' || request.key
            when 'AWS::S3::Bucket' then arn_prefix || 's3:::' || request.bucketName
            when 'secret' then coalesce(first_resource.ARN, request.secretId, request.name)
            when 'AWS::EC2::Instance' then instance_uid
            when 'AWS::IAM::Role' then coalesce(response.role.arn, request.roleArn, request.roleName)
            when 'AWS::IAM::User' then coalesce(response.user.arn, request.userName)
            when 'AWS::IAM::Group' then request.groupName
            when 'AWS::IAM::Policy' then coalesce(request.policyArn, response.policy.arn, request.policyName)
            when 'AWS::IAM::MFADevice' then request.serialNumber
            when 'AWS::ECS::Service' then service_uid
            when 'AWS::ECS::TaskDefinition' then task_uid
            when 'AWS::CloudFormation::Stack' then stack_uid
            when 'AWS::CloudTrail::Trail' then coalesce(first_resource.ARN, request.name, request.trailName)
            else coalesce(
                first_resource.ARN, request.keyId, request.functionName, store_table, request.dBInstanceIdentifier, request.groupId,
                request.snapshotId, request.volumeId, request.vpcId, request.logGroupName, request.topicArn, request.queueUrl,
                request.repositoryName, request.resourceArn
            )
        end as primary_uid,
        -- what is no call says what it tells of
        coalesce(event.eventName, nullif(unusual.insightType, '')) as code,
        -- the end says for how many minutes it lasted
        {{ timestamp_of_ms(
            epoch_ms('event_time')
            ~ ' - coalesce(case when length(rates.insightDuration) <= 6 then try_cast(rates.insightDuration as bigint) end, 0) * 60000'
        ) }} as begun_dt,
        case unusual.insightType when 'ApiErrorRateInsight' then 'errors' else 'calls' end as counted
    from classified

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns('aws_cloudtrail', 'CloudTrail', 'AWS', uid='event.eventID', code='code') }},
        case when to_class = 2004 then begun_dt end as start_time_dt,
        case when to_class = 2004 and to_activity = 3 then event_time end as end_time_dt,
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'code') }},
        -- Insights grades nothing
        cast(case when to_class = 2004 then 0 else 1 end as integer) as severity_id,
        case when to_class = 2004 then 'Unknown' else 'Informational' end as severity,
        cast(case when to_class <> 2004 then result when to_activity = 3 then 4 else 1 end as integer) as status_id,
        case
            when to_class = 2004 then case to_activity when 3 then 'Resolved' else 'New' end
            when result = 1 then 'Success'
            when result = 2 then 'Failure'
            else 'Unknown'
        end as status,
        error_code as status_code,
        coalesce(error_message, case when logon_result = 'Failure' then logon_result end) as status_detail,
        cast(case when error_code in {{ aws_denied_codes() }} then 2 when result = 1 then 1 end as integer) as action_id,
        {{ cloudtrail_caller_columns("case when to_class <> 2004 then coalesce(event.eventSource, 'cloudtrail.amazonaws.com') end") }},
        coalesce(event.eventSource, unusual.eventSource) as dst_endpoint_svc_name,
        -- api and cloud
        coalesce(event.eventName, unusual.eventName) as api_operation,
        coalesce(event.eventSource, unusual.eventSource) as api_service_name,
        event.apiVersion as api_version,
        event.requestID as api_request_uid,
        cast(event.requestParameters as varchar) as api_request_data,
        coalesce(error_code, nullif(unusual.errorCode, '')) as api_response_error,
        error_message as api_response_message,
        cast(event.responseElements as varchar) as api_response_data,
        'AWS' as cloud_provider,
        coalesce(nullif(event.recipientAccountId, ''), nullif(identity.accountId, '')) as cloud_account_uid,
        event.awsRegion as cloud_region,
        event.userAgent as http_user_agent,
        primary_uid as resource_uid,
        case kind_of_resource
            when 'AWS::S3::Object' then request.key
            when 'AWS::S3::Bucket' then request.bucketName
            when 'AWS::IAM::Role' then coalesce(request.roleName, nullif(regexp_extract(primary_uid, '([^/:]+)$', 1), ''))
            when 'AWS::IAM::User' then request.userName
            when 'AWS::IAM::Policy' then coalesce(request.policyName, nullif(regexp_extract(primary_uid, '([^/:]+)$', 1), ''))
            else nullif(regexp_extract(primary_uid, '([^/:]+)$', 1), '')
        end as resource_name,
        kind_of_resource as resource_type,
        case
            when event.resources is not null
                then {{ list_map('event.resources', struct_of({
                    'uid': 'item.ARN', 'name': no_text, 'type': 'item.type', 'account_uid': 'item.accountId',
                })) }}
            when event.eventSource = 'ec2.amazonaws.com' and coalesce(request.instancesSet.items, response.instancesSet.items) is not null
                then {{ list_map('coalesce(request.instancesSet.items, response.instancesSet.items)', struct_of({
                    'uid': 'item.instanceId', 'name': no_text, 'type': "'AWS::EC2::Instance'", 'account_uid': no_text,
                })) }}
            when primary_uid is not null
                then {{ list_of([struct_of({
                    'uid': 'primary_uid', 'name': no_text, 'type': 'kind_of_resource', 'account_uid': no_text,
                })]) }}
        end as resources,
        {{ json_of({
            'eventVersion': 'event.eventVersion', 'eventType': 'event.eventType', 'eventCategory': 'event.eventCategory',
            'managementEvent': 'event.managementEvent', 'readOnly': 'event.readOnly', 'sharedEventID': 'event.sharedEventID',
            'additionalEventData': 'event.additionalEventData', 'serviceEventDetails': 'event.serviceEventDetails',
            'insightDetails': 'event.insightDetails', 'insightContext': 'event.insightContext', 'eventContext': 'event.eventContext',
            'tlsDetails': 'event.tlsDetails', 'edgeDeviceDetails': 'event.edgeDeviceDetails', 'addendum': 'event.addendum',
            'sessionCredentialFromConsole': 'event.sessionCredentialFromConsole', 'vpcEndpointAccountId': 'event.vpcEndpointAccountId',
            'annotation': 'event.annotation', 'inScopeOf': 'identity.inScopeOf', 'webIdFederationData': 'session.webIdFederationData',
            'sourceIdentity': 'session.sourceIdentity', 'ec2RoleDelivery': 'session.ec2RoleDelivery', 'assumedRoot': 'session.assumedRoot',
        }) }} as unmapped,
        -- class extras: the user that the event is about
        case
            when to_class = 3002 and response.assumedRoleUser.arn is not null
                then nullif(split_part(response.assumedRoleUser.arn, ':assumed-role/', 2), '')
            when to_class = 3002 and request.roleArn is not null
                then regexp_extract(request.roleArn, '([^/]+)$', 1) || coalesce('/' || request.roleSessionName, '')
            when to_class = 3002 and response.federatedUser.arn is not null
                then nullif(split_part(response.federatedUser.arn, ':federated-user/', 2), '')
            when to_class = 3002 then coalesce(actor_name, identity.type, identity.invokedBy, 'unknown')
            when to_class = 3001
                then coalesce(
                    request.roleName, request.userName, request.groupName, response.user.userName, response.accessKey.userName,
                    nullif(regexp_extract(request.serialNumber, '([^/]+)$', 1), ''), request.userId,
                    actor_name, actor_uid, event.recipientAccountId, 'unknown'
                )
            when to_class = 3005 then coalesce(request.principalId, 'unknown')
        end as user_name,
        case
            when to_class = 3002
                then coalesce(response.assumedRoleUser.arn, request.roleArn, response.federatedUser.arn, actor_uid)
            when to_class = 3001 and request.roleName is not null then response.role.arn
            when to_class = 3001 and coalesce(request.userName, request.groupName, request.userId) is not null
                then coalesce(response.user.arn, response.user.userId, request.userId)
            when to_class = 3001 then actor_uid
            when to_class = 3005 then request.principalId
        end as user_uid,
        case
            when to_class = 3002 and request.roleArn is not null then 'Role'
            when to_class = 3001 and request.roleName is not null then 'Role'
            when to_class = 3001 and request.userName is not null then 'User'
            when to_class = 3001 and request.groupName is not null then 'Group'
            when to_class in (3001, 3002) then identity.type
            when to_class = 3005 then request.principalType
        end as user_type,
        case
            when to_class in (3001, 3002, 3005) then coalesce(nullif(event.recipientAccountId, ''), nullif(identity.accountId, ''))
        end as user_account_uid,
        case
            when to_class in (3001, 3002)
                then coalesce(
                    response.credentials.accessKeyId, response.accessKey.accessKeyId, request.accessKeyId, request.serialNumber
                )
        end as user_credential_uid,
        case when to_class in (3001, 3005) then coalesce(request.policyArn, request.permissionSetArn) end as policy_uid,
        case
            when to_class in (3001, 3005)
                then coalesce(
                    request.policyName, nullif(regexp_extract(coalesce(request.policyArn, request.permissionSetArn), '([^/]+)$', 1), '')
                )
        end as policy_name,
        case when to_class = 3005 then {{ list_of(['request.permissionSetArn']) }} end as privileges,
        -- class extras: authentication
        case
            when to_class <> 3002 then null
            when extra.MFAUsed = 'Yes' or response.CheckMfa = 'Success' then true
            when extra.MFAUsed = 'No' then false
            when session.attributes.mfaAuthenticated = 'true' then true
            when session.attributes.mfaAuthenticated = 'false' then false
        end as is_mfa,
        case when to_class = 3002 then extra.MfaType end as mfa_factor,
        cast(
            case
                when event.eventName = 'AssumeRoleWithSAML' then 5
                when event.eventName = 'AssumeRoleWithWebIdentity' then 4
            end as integer
        ) as auth_protocol_id,
        case when to_class = 3002 then event.eventSource end as service_name,
        -- class extras: stores
        case when to_class = 6005 then request.bucketName end as databucket_name,
        case when to_class = 6005 then request.key end as databucket_object,
        case when to_class = 6005 then store_database end as database_name,
        case when to_class = 6005 then store_table end as table_name,
        cast(
            case
                when to_class = 6005 and request.bucketName is not null then 2
                when to_class = 6005 and store_table is not null then 3
                when to_class = 6005 and store_database is not null then 1
            end as integer
        ) as datastore_type_id,
        case
            when to_class = 6005
                then coalesce(
                    nullif(try_cast(try_cast(extra.bytesTransferredOut as double) as bigint), 0),
                    try_cast(try_cast(extra.bytesTransferredIn as double) as bigint)
                )
        end as bytes,
        -- class extras: unusual activity
        case when to_class = 2004 then insight.sharedEventID end as finding_info_uid,
        case
            when to_class = 2004
                then concat_ws(
                    '', coalesce(code, 'CloudTrail Insights'), ': ' || unusual.eventName, ' of ' || unusual.eventSource,
                    ', ' || unusual.errorCode
                )
        end as finding_info_title,
        case
            when to_class = 2004
                then rates.insight.average || ' ' || counted || ' a minute, where ' || rates.baseline.average || ' are usual'
        end as finding_info_desc,
        case when to_class = 2004 and code is not null then {{ list_of(['code']) }} end as finding_info_types,
        case when to_class = 2004 then code end as finding_info_analytic_uid,
        case when to_class = 2004 then begun_dt end as finding_info_created_dt,
        case when to_class = 2004 then event_time end as finding_info_modified_dt,
        case when to_class = 2004 then begun_dt end as finding_info_first_seen_dt,
        case when to_class = 2004 then event_time end as finding_info_last_seen_dt,
        case when to_class = 2004 then to_activity <> 3 end as is_alert
    from resourced

)

select * from final
