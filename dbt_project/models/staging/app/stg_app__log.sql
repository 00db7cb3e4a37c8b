{{ routes_to(['api_activity', 'authentication', 'datastore_activity', 'base_event']) }}

{# What the mapping found in a line when it landed, texts by field: transforms/sources/app_log.py. #}
{% set found_fields = {
    'kind': 'string', 'id': 'string', 'level': 'string', 'message': 'string', 'service': 'string', 'actor': 'string', 'actor_uid': 'string',
    'email': 'string', 'address': 'string', 'operation': 'string', 'outcome': 'string', 'result': 'string', 'reason': 'string', 'code': 'string',
    'session': 'string', 'trace': 'string', 'resource': 'string', 'resource_type': 'string', 'user': 'string', 'user_agent': 'string',
    'database': 'string', 'table': 'string', 'bytes': 'string',
} %}
{% set no_text = 'cast(null as varchar)' %}

with

records as (

    select * from {{ new_rows(source('bronze', 'app_log')) }}

),

kinds as (

    select * from {{ ref('app_log') }}

),

parsed as (

    select
        records.*,
        {{ parse_json(json_at('attributes', '$.mapped'), found_fields) }} as found
    from records

),

matched as (

    select
        parsed.*,
        kinds.class_uid as kind_class,
        kinds.activity_id as kind_activity,
        {{ bare_ip('found.address') }} as address,
        coalesce(found.actor, found.email, found.actor_uid) as login,
        coalesce(found.email, case when found.actor like '%_@_%' then found.actor end) as mail,
        -- what one application calls 7 or admin is nobody in another
        case
            when found.actor_uid is not null or found.actor not like '%_@_%' and found.email is null
                then concat_ws('/', found.service, coalesce(found.actor_uid, found.actor))
        end as login_uid
    from parsed
    left join kinds on found.kind = kinds.kind

),

classified as (

    select
        matched.*,
        coalesce(kind_class, 0) as to_class,
        coalesce(kind_activity, 99) as to_activity,
        case found.result when 'success' then 1 when 'failure' then 2 else 0 end as result,
        case
            when lower(found.level) in ('fatal', 'critical', 'crit', 'alert', 'emerg', 'emergency', 'panic') then 5
            when lower(found.level) in ('error', 'err', 'severe') then 4
            when lower(found.level) in ('warn', 'warning') then 2
            when lower(found.level) in ('info', 'information', 'notice', 'debug', 'trace', 'verbose', 'finest', 'finer', 'fine') then 1
            else 0
        end as grade
    from matched

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            'app_log', 'Application', 'Application', uid='found.id', code='coalesce(found.operation, found.kind, found.level)',
            profiles=['datetime', 'security_control'],
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'coalesce(found.operation, found.level)') }},
        cast(grade as integer) as severity_id,
        {{ severity_name('grade') }} as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        found.outcome as status_code,
        found.reason as status_detail,
        found.message,
        -- actor: what the application calls who acts; a sign-in that failed has shown nobody to be anybody
        case when not (to_class = 3002 and result = 2) then login end as actor_user_name,
        case when not (to_class = 3002 and result = 2) then login_uid end as actor_user_uid,
        case when not (to_class = 3002 and result = 2) then mail end as actor_user_email_addr,
        case when not (to_class = 3002 and result = 2) and mail is not null then 'User' end as actor_user_type,
        cast(case when not (to_class = 3002 and result = 2) and mail is not null then 1 end as integer) as actor_user_type_id,
        found.session as actor_session_uid,
        case when login is null or to_class = 3002 and result = 2 then coalesce(found.service, 'Application') end as actor_app_name,
        -- network
        address as src_endpoint_ip,
        case when address is null then coalesce(found.address, found.service, 'Application') end as src_endpoint_svc_name,
        coalesce(found.service, 'Application') as dst_endpoint_svc_name,
        -- api
        coalesce(found.operation, found.kind) as api_operation,
        coalesce(found.service, 'Application') as api_service_name,
        found.trace as api_request_uid,
        case when try_cast(found.code as integer) between 100 and 599 then try_cast(found.code as integer) end as api_response_code,
        case when result = 2 then found.reason end as api_response_error,
        found.user_agent as http_user_agent,
        found.resource as resource_uid,
        found.resource as resource_name,
        found.resource_type,
        case
            when found.resource is not null
                then {{ list_of([struct_of({
                    'uid': 'found.resource', 'name': 'found.resource', 'type': 'found.resource_type', 'account_uid': no_text,
                })]) }}
        end as resources,
        -- the line as it is: which of it was mapped is the mapping's affair
        raw as unmapped,
        -- class extras: authentication
        case when to_class = 3002 then coalesce(found.user, login, 'unknown') end as user_name,
        case when to_class = 3002 and found.user is null then login_uid end as user_uid,
        case when to_class = 3002 then case when found.user is null then mail when found.user like '%_@_%' then found.user end end
            as user_email_addr,
        case when to_class = 3002 then coalesce(found.service, 'Application') end as service_name,
        -- class extras: datastore activity; a service that names no store is one
        case
            when to_class = 6005 then coalesce(found.database, case when found.table is null then coalesce(found.service, 'unknown') end)
        end as database_name,
        case when to_class = 6005 then found.table end as table_name,
        cast(case when to_class = 6005 then case when found.table is not null then 3 else 1 end end as integer) as datastore_type_id,
        case when to_class = 6005 and try_cast(found.bytes as bigint) >= 0 then try_cast(found.bytes as bigint) end as bytes
    from classified

)

select * from final
