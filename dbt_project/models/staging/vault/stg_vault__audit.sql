{{ routes_to(['api_activity', 'authentication', 'base_event']) }}

{# https://developer.hashicorp.com/vault/docs/audit/schema #}
{% set auth_fields = {
    'client_token': 'string', 'accessor': 'string', 'display_name': 'string', 'entity_id': 'string', 'token_type': 'json',
    'policies': 'json', 'token_policies': 'json', 'identity_policies': 'json', 'external_namespace_policies': 'json',
    'policy_results': 'json', 'no_default_policy': 'json', 'metadata': 'json', 'remaining_uses': 'json', 'num_uses': 'json',
    'token_ttl': 'json', 'token_issue_time': 'json', 'mfa_requirement': 'json',
} %}
{% set event_fields = {
    'type': 'string', 'error': 'string', 'forwarded_from': 'json', 'auth': auth_fields,
    'request': {
        'id': 'string', 'operation': 'string', 'path': 'string', 'mount_type': 'string', 'mount_point': 'string',
        'mount_accessor': 'json', 'namespace': {'id': 'json', 'path': 'string'}, 'remote_address': 'string',
        'remote_port': 'string', 'data': 'json', 'headers': 'json', 'wrap_ttl': 'json', 'policy_override': 'json',
        'client_certificate_serial_number': 'json', 'replication_cluster': 'json',
    },
    'response': {
        'auth': auth_fields, 'data': 'json', 'mount_type': 'string', 'redirect': 'json', 'wrap_info': 'json', 'warnings': 'json',
        'secret': 'json', 'headers': 'json',
    },
} %}
{% set no_text = 'cast(null as varchar)' %}

with

records as (

    select * from {{ new_rows(source('bronze', 'vault_audit')) }}

),

kinds as (

    select * from {{ ref('vault_audit') }}

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
        event.auth as caller,
        -- whom the token is for that an answer hands out
        event.response.auth as given,
        nullif(event.request.operation, '') as operation,
        nullif(event.request.path, '') as path,
        nullif(event.request.namespace.path, '') as namespace,
        -- before 1.13 no mount is named: it is what follows auth/, or the first part of the path
        coalesce(
            nullif(event.request.mount_point, ''), nullif(regexp_extract(event.request.path, '^(auth/[^/]+/|[^/]+/)', 1), '')
        ) as mount,
        coalesce(nullif(event.request.mount_type, ''), nullif(event.response.mount_type, '')) as mount_type,
        nullif(event.request.remote_address, '') as remote,
        nullif(event.error, '') as error,
        -- what a method or an engine refuses is said in the answer, as an HMAC
        {{ json_text('event.response.data', 'error') }} as refusal
    from parsed

),

placed as (

    select
        opened.*,
        case
            when left(path, length(mount)) = mount then nullif(substr(path, length(mount) + 1), '')
            else path
        end as below,
        coalesce({{ is_ip('remote') }}, false) as is_from_ip
    from opened

),

kinded as (

    select
        placed.*,
        case
            when path = 'sys/mfa/validate' then 'mfa'
            when path not like 'auth/%' then '*'
            when mount = 'auth/token/' and below like 'create%' then 'token/create'
            when mount = 'auth/token/' and below like 'renew%' then 'token/renew'
            when mount = 'auth/token/' and below like 'revoke%' then 'token/revoke'
            when below = 'login' or below like 'login/%' then 'login'
            when below in ('oidc/auth_url', 'sso_service_url') then 'auth_url'
            when below in ('oidc/callback', 'callback') then 'callback'
            else '*'
        end as path_kind,
        case
            when mount_type = 'transit' then 'key'
            when mount_type = 'pki' then 'certificate'
            when path like 'sys/%' or path like 'identity/%' or path like 'auth/%'
                then split_part(path, '/', 1) || '/' || split_part(path, '/', 2)
            when path is not null then 'secret'
        end as resource_type,
        case
            when mount_type = 'kv' then nullif(regexp_replace(below, '^(data|metadata|delete|undelete|destroy|subkeys)/', ''), '')
            else below
        end as resource_name,
        case
            when event.type = 'request' then case when error is not null then 2 else 0 end
            when error is not null or refusal is not null then 2
            when event.type = 'response' then 1
            else 0
        end as result,
        -- `1 error occurred:`, and each below it
        coalesce(nullif(regexp_extract(error, '[*] ([^\n]+)', 1), ''), error) as reason
    from placed

),

classified as (

    select
        kinded.*,
        concat(kinded.namespace, kinded.path) as resource_uid,
        case when kinded.operation is null then 0 else coalesce(exact.class_uid, alike.class_uid, 6003) end as to_class,
        case when kinded.operation is null then 99 else coalesce(exact.activity_id, alike.activity_id, 99) end as to_activity,
        coalesce(nullif(caller.display_name, ''), nullif(given.display_name, '')) as display_name,
        coalesce(nullif(caller.entity_id, ''), nullif(given.entity_id, '')) as entity_uid,
        nullif({{ json_text('caller.metadata', 'username') }}, '') as caller_login,
        -- whom a login is about: the answer's token, or the name in the path
        coalesce(
            nullif({{ json_text('given.metadata', 'username') }}, ''), nullif({{ json_text('given.metadata', 'email') }}, ''),
            nullif(given.display_name, ''),
            case when kinded.path_kind = 'login' then nullif(regexp_extract(kinded.below, '^login/([^/]+)$', 1), '') end,
            nullif({{ json_text('caller.metadata', 'username') }}, ''), nullif(caller.display_name, ''), 'unknown'
        ) as about,
        coalesce(nullif(given.entity_id, ''), nullif(caller.entity_id, '')) as about_uid
    from kinded
    left join kinds as exact
        on kinded.operation = exact.operation and kinded.path_kind = exact.path and exact.path <> '*'
    left join kinds as alike
        on kinded.operation = alike.operation and alike.path = '*'

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            'vault_audit', 'Vault', 'HashiCorp', uid='event.request.id', code='event.type', profiles=['datetime', 'security_control'],
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'operation') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        reason as status_detail,
        cast(case when error like '%permission denied%' then 2 when result = 1 then 1 end as integer) as action_id,
        -- actor: whose token it is; a login has none yet
        coalesce(caller_login, display_name) as actor_user_name,
        entity_uid as actor_user_uid,
        case when caller_login like '%_@_%' then caller_login end as actor_user_email_addr,
        coalesce(nullif(caller.accessor, ''), nullif(given.accessor, '')) as actor_user_credential_uid,
        -- a device that writes tokens in clear must not make them readable here
        case
            when caller.client_token like 'hmac-%' then caller.client_token
            when caller.client_token <> '' then {{ sha256_hex('caller.client_token') }}
        end as actor_session_uid,
        case when coalesce(caller_login, display_name, entity_uid) is null then 'Vault' end as actor_app_name,
        -- network
        case when is_from_ip then remote end as src_endpoint_ip,
        case when try_cast(event.request.remote_port as integer) between 1 and 65535 then try_cast(event.request.remote_port as integer) end
            as src_endpoint_port,
        case when not is_from_ip then coalesce(remote, 'Vault') end as src_endpoint_svc_name,
        'Vault' as dst_endpoint_svc_name,
        -- api
        operation as api_operation,
        'Vault' as api_service_name,
        event.request.id as api_request_uid,
        cast(event.request.data as varchar) as api_request_data,
        case when result = 2 then coalesce(reason, refusal) end as api_response_error,
        error as api_response_message,
        cast(event.response.data as varchar) as api_response_data,
        {{ json_text('event.request.headers', 'user-agent', 0) }} as http_user_agent,
        resource_uid,
        resource_name,
        resource_type,
        case
            when resource_uid is not null
                then {{ list_of([struct_of({
                    'uid': 'resource_uid', 'name': 'resource_name', 'type': 'resource_type', 'account_uid': no_text,
                })]) }}
        end as resources,
        {{ json_of({
            'policies': 'caller.policies', 'token_policies': 'caller.token_policies', 'identity_policies': 'caller.identity_policies',
            'external_namespace_policies': 'caller.external_namespace_policies', 'policy_results': 'caller.policy_results',
            'no_default_policy': 'caller.no_default_policy', 'metadata': 'caller.metadata', 'token_type': 'caller.token_type',
            'remaining_uses': 'caller.remaining_uses', 'num_uses': 'caller.num_uses', 'token_ttl': 'caller.token_ttl',
            'token_issue_time': 'caller.token_issue_time', 'mfa_requirement': 'given.mfa_requirement',
            'given_policies': 'given.policies', 'given_metadata': 'given.metadata', 'given_token_ttl': 'given.token_ttl',
            'namespace_id': 'event.request.namespace.id', 'mount_accessor': 'event.request.mount_accessor',
            'headers': 'event.request.headers', 'wrap_ttl': 'event.request.wrap_ttl', 'policy_override': 'event.request.policy_override',
            'client_certificate_serial_number': 'event.request.client_certificate_serial_number',
            'replication_cluster': 'event.request.replication_cluster', 'forwarded_from': 'event.forwarded_from',
            'redirect': 'event.response.redirect', 'wrap_info': 'event.response.wrap_info', 'warnings': 'event.response.warnings',
            'secret': 'event.response.secret', 'response_headers': 'event.response.headers',
        }) }} as unmapped,
        -- class extras: authentication
        case when to_class = 3002 then about end as user_name,
        case when to_class = 3002 then about_uid end as user_uid,
        case when to_class = 3002 and about like '%_@_%' then about end as user_email_addr,
        case when to_class = 3002 and path_kind = 'mfa' then true end as is_mfa,
        case when to_class = 3002 then 'Vault' end as service_name
    from classified

)

select * from final
