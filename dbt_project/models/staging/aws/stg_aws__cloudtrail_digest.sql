{{ routes_to(['base_event']) }}

{# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html #}
{% set digest_fields = {
    'awsAccountId': 'string', 'digestStartTime': 'string', 'digestEndTime': 'string', 'digestS3Bucket': 'string',
    'digestS3Object': 'string', 'previousDigestS3Object': 'string',
} %}
{% set mapped = ['awsAccountId', 'digestStartTime', 'digestEndTime', 'digestS3Bucket', 'digestS3Object'] %}

with

records as (

    select * from {{ new_rows(source('bronze', 'aws_cloudtrail_digest')) }}

),

kinds as (

    select * from {{ ref('aws_cloudtrail_digest') }}

),

parsed as (

    select
        records.*,
        {{ parse_json('raw', digest_fields) }} as digest,
        {{ json_text('attributes', 'signature', 'state') }} as signature,
        {{ json_text('attributes', 'signature', 'reason') }} as reason,
        {{ json_text('attributes', 'log_files', 'state') }} = 'differ' as is_contradicted,
        {{ json_text('attributes', 'log_files', 'altered') }} as altered,
        {{ json_text('attributes', 'log_files', 'missing') }} as missing
    from records

),

opened as (

    select
        parsed.*,
        nullif(regexp_extract(parsed.digest.digestS3Object, 'CloudTrail-Digest/([a-z0-9-]+)/', 1), '') as region,
        case
            when parsed.digest.digestS3Object is null then null
            when parsed.digest.previousDigestS3Object is null then 'starting_digest'
            else 'digest'
        end as kind
    from parsed

),

classified as (

    select
        opened.*,
        coalesce(kinds.class_uid, 0) as to_class,
        coalesce(kinds.activity_id, 99) as to_activity,
        case
            when opened.is_contradicted or opened.signature = 'invalid' then 2
            when opened.signature = 'valid' then 1
            else 0
        end as result
    from opened
    left join kinds on opened.kind = kinds.kind

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            'aws_cloudtrail_digest', 'CloudTrail', 'AWS', uid='cast(null as varchar)', code='kind',
        ) }},
        {{ timestamp_of_text('digest.digestStartTime') }} as start_time_dt,
        event_time as end_time_dt,
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'kind') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        -- whether its signature holds, and what it says of the log files
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        case when is_contradicted then 'log_files_differ' else signature end as status_code,
        case
            when is_contradicted
                then concat_ws(
                    '; ',
                    case when altered is not null then concat('altered: ', altered) end,
                    case when missing is not null then concat('missing: ', missing) end
                )
            else reason
        end as status_detail,
        -- cloud
        'AWS' as cloud_provider,
        digest.awsAccountId as cloud_account_uid,
        region as cloud_region,
        case
            when digest.digestS3Object is not null
                then concat('arn:aws:s3:::', digest.digestS3Bucket, '/', digest.digestS3Object)
        end as resource_uid,
        digest.digestS3Object as resource_name,
        case when digest.digestS3Object is not null then 'AWS::S3::Object' end as resource_type,
        -- the log files of its hour, and the digest before it
        {{ json_without('raw', mapped) }} as unmapped
    from classified

)

select * from final
