{{ routes_to(['cloud_resources_inventory_info', 'base_event']) }}

{# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html #}
{% set columns = ['user', 'arn', 'user_creation_time'] %}

with

kinds as (

    select * from {{ ref('aws_iam_credential_report') }}

),

{{ fields_by_header(source('bronze', 'aws_iam_credential_report'), columns) }},

opened as (

    select
        split_rows.*,
        {{ field_of('arn') }} as arn,
        {{ field_of('user') }} as user_name,
        {{ field_of('user_creation_time') }} as created,
        {{ other_fields() }} as credentials
    from split_rows

),

named as (

    select
        opened.*,
        nullif(regexp_extract(arn, '^arn:[^:]*:iam::([0-9]{12}):', 1), '') as account,
        case when arn like 'arn:%:root' then 'root' when arn like 'arn:%:user/%' then 'user' end as kind
    from opened

),

classified as (

    select
        named.*,
        coalesce(kinds.class_uid, 0) as to_class,
        coalesce(kinds.activity_id, 99) as to_activity
    from named
    left join kinds on named.kind = kinds.kind

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns('aws_iam_credential_report', 'IAM credential report', 'AWS', uid='cast(null as varchar)', code='kind') }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'kind') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(case when kind is not null then 1 else 0 end as integer) as status_id,
        case when kind is not null then 'Success' else 'Unknown' end as status,
        -- cloud
        'AWS' as cloud_provider,
        account as cloud_account_uid,
        case when kind is not null then 'global' end as cloud_region,
        arn as resource_uid,
        user_name as resource_name,
        case when kind is not null then 'AWS::IAM::User' end as resource_type,
        case
            when arn is not null then {{ list_of([struct_of({
                'uid': 'arn', 'name': 'user_name', 'type': "'AWS::IAM::User'", 'account_uid': 'account',
            })]) }}
        end as resources,
        -- class extras: the user as it was
        credentials as resource_data,
        {{ timestamp_of_text('created') }} as resource_created_dt
    from classified

)

select * from final
