{{ routes_to(['api_activity', 'datastore_activity', 'base_event']) }}

{# https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html #}
{% set columns = [
    'bucket_owner', 'bucket', 'time', 'remote_ip', 'requester', 'request_id', 'operation', 'key', 'http_status', 'error_code',
    'bytes_sent', 'object_size', 'user_agent', 'host_header',
] %}

with

kinds as (

    select * from {{ ref('aws_s3_access') }}

),

{{ fields_by_header(source('bronze', 'aws_s3_access'), columns, quoted=true) }},

opened as (

    select
        split_rows.*,
        {{ field_of('bucket_owner') }} as bucket_owner,
        {{ field_of('bucket') }} as bucket,
        {{ field_of('key') }} as object_key,
        {{ field_of('remote_ip') }} as remote_ip,
        {{ field_of('requester') }} as requester,
        {{ field_of('request_id') }} as request_id,
        {{ field_of('operation') }} as operation,
        {{ field_of('error_code') }} as error_code,
        try_cast({{ field_of('http_status') }} as integer) as http_status,
        try_cast({{ field_of('bytes_sent') }} as bigint) as bytes_sent,
        try_cast({{ field_of('object_size') }} as bigint) as object_size,
        nullif(regexp_extract({{ field_of('host_header') }}, '([a-z][a-z](-[a-z]+)+-[0-9]+)[.]amazonaws[.]com', 1), '') as region
    from split_rows

),

matched as (

    select
        opened.*,
        kinds.activity_id as kind_activity,
        case
            -- without a bucket it lacks what its class requires: it is still a call
            when kinds.class_uid = 6005 and opened.bucket is null then null
            -- an access control list without a key is the bucket's, whose settings are no store's data
            when kinds.operation like '%.ACL' and opened.object_key is null then null
            else kinds.class_uid
        end as kind_class
    from opened
    left join kinds on opened.operation = kinds.operation

),

classified as (

    select
        matched.*,
        case when operation is null then 0 else coalesce(kind_class, 6003) end as to_class,
        case
            when operation is null then 99
            when kind_class is not null then kind_activity
            when split_part(operation, '.', 2) in ('GET', 'HEAD') then 2
            when split_part(operation, '.', 2) = 'PUT' then 3
            when split_part(operation, '.', 2) = 'DELETE' then 4
            else 99
        end as to_activity,
        case
            when http_status >= 400 or error_code is not null then 2
            when http_status >= 200 then 1
            else 0
        end as result,
        {{ is_ip('remote_ip') }} as is_from_ip,
        case
            when requester is null then 'Anonymous'
            when requester like 'arn:%:assumed-role/%' then 'AssumedRole'
            when requester like 'arn:%:federated-user/%' then 'FederatedUser'
            when requester like 'arn:%:user/%' then 'IAMUser'
            when requester like 'arn:%:root' then 'Root'
            when requester like 'svc:%' or requester = 'AmazonS3' then 'AWSService'
            when length(requester) = 64 then 'CanonicalUser'
            else 'Unknown'
        end as requester_type
    from matched

),

named as (

    select
        classified.*,
        case
            when region like 'cn-%' then 'arn:aws-cn:'
            when region like 'us-gov-%' then 'arn:aws-us-gov:'
            else 'arn:aws:'
        end as arn_prefix,
        case when requester_type = 'AWSService' then regexp_replace(requester, '^svc:', '') end as service,
        nullif(regexp_extract(requester, ':assumed-role/([^/]+)/', 1), '') as role_name,
        nullif(regexp_extract(requester, '^arn:[^:]*:[^:]*:[^:]*:([0-9]+):', 1), '') as requester_account
    from classified

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns('aws_s3_access', 'Amazon S3', 'AWS', uid='request_id', code='operation') }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'operation') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        coalesce(error_code, cast(http_status as varchar)) as status_code,
        cast(case when http_status in (401, 403) then 2 when result = 1 then 1 end as integer) as action_id,
        -- actor
        case
            when requester_type = 'Anonymous' then 'anonymous'
            when requester_type = 'AssumedRole' then nullif(split_part(requester, ':assumed-role/', 2), '')
            when requester_type = 'FederatedUser' then nullif(split_part(requester, ':federated-user/', 2), '')
            when requester_type = 'IAMUser' then nullif(regexp_extract(requester, '([^/]+)$', 1), '')
            when requester_type = 'Root' then 'root'
            else service
        end as actor_user_name,
        case when service is null then requester end as actor_user_uid,
        requester_type as actor_user_type,
        cast(
            case
                when requester_type = 'IAMUser' then 1
                when requester_type = 'Root' then 2
                when requester_type = 'AWSService' then 3
                when requester_type in ('Anonymous', 'Unknown') then 0
                else 99
            end as integer
        ) as actor_user_type_id,
        requester_account as actor_user_account_uid,
        -- the log has no path of the role: what AWS keeps below reserved paths cannot be named
        case
            when requester_account is not null and role_name not like 'AWSReservedSSO%' and role_name not like 'AWSServiceRoleFor%'
                then regexp_extract(requester, '^(arn:[^:]*:)', 1) || 'iam::' || requester_account || ':role/' || role_name
        end as actor_session_issuer,
        service as actor_invoked_by,
        -- network
        case when is_from_ip then remote_ip end as src_endpoint_ip,
        case when not coalesce(is_from_ip, false) then coalesce(remote_ip, service, 's3.amazonaws.com') end as src_endpoint_svc_name,
        's3.amazonaws.com' as dst_endpoint_svc_name,
        {{ field_of('host_header') }} as dst_endpoint_hostname,
        -- api and cloud
        operation as api_operation,
        's3.amazonaws.com' as api_service_name,
        request_id as api_request_uid,
        http_status as api_response_code,
        error_code as api_response_error,
        'AWS' as cloud_provider,
        bucket_owner as cloud_account_uid,
        region as cloud_region,
        nullif({{ field_of('user_agent') }}, '') as http_user_agent,
        arn_prefix || 's3:::' || bucket || coalesce('/' || object_key, '') as resource_uid,
        coalesce(object_key, bucket) as resource_name,
        case when object_key is not null then 'AWS::S3::Object' when bucket is not null then 'AWS::S3::Bucket' end as resource_type,
        {{ other_fields() }} as unmapped,
        -- class extras: the store
        case when to_class = 6005 then bucket end as databucket_name,
        case when to_class = 6005 then object_key end as databucket_object,
        cast(case when to_class = 6005 then 2 end as integer) as datastore_type_id,
        case when to_class <> 6005 then null when to_activity = 5 then object_size else bytes_sent end as bytes
    from named

)

select * from final
