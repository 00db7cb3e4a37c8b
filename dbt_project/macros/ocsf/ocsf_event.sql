{#
    OCSF of any version into 1.8: where a name was changed, both are read. What is read of an object leaves it, so that
    `unmapped` holds the rest of the event; of a base event, all of it.
    https://schema.ocsf.io/1.8.0/classes and https://schema.ocsf.io/1.0.0-rc.2/classes
    source, product and vendor: what the event itself does not say. The CTEs `records` and `kinds` come before it.
#}
{% macro ocsf_event(source, product, vendor) -%}
{%- set scalars = [
    'class_uid', 'class_name', 'category_uid', 'category_name', 'activity_id', 'activity_name', 'type_uid', 'type_name', 'time',
    'severity_id', 'severity', 'status_id', 'status', 'status_code', 'status_detail', 'message', 'start_time', 'end_time',
    'action_id', 'disposition_id', 'is_mfa', 'mfa', 'auth_protocol_id', 'logon_type_id', 'rcode_id', 'rcode', 'type_id', 'duration',
] -%}
{%- set endpoint = [
    'ip', 'port', 'hostname', 'domain', 'svc_name', 'instance_uid', 'vpc_uid', 'interface_uid', 'location', 'autonomous_system',
] -%}
{%- set objects = {
    'metadata': ['uid', 'event_code', 'product'],
    'cloud': ['provider', 'account', 'account_uid', 'region', 'org'],
    'actor': ['user', 'session', 'idp', 'app_name', 'invoked_by'],
    'identity': ['user', 'session', 'idp', 'app_name', 'invoked_by'],
    'src_endpoint': endpoint, 'dst_endpoint': endpoint,
    'api': ['operation', 'version', 'service', 'request', 'response'],
    'http_request': ['user_agent', 'http_method', 'url', 'version', 'length'],
    'http_response': ['code', 'length'],
    'tls': ['version', 'cipher'],
    'connection_info': ['protocol_num', 'protocol_name', 'direction_id', 'direction', 'tcp_flags', 'boundary'],
    'traffic': ['bytes', 'packets'],
    'query': ['hostname', 'type', 'class'],
    'firewall_rule': ['uid'],
    'user': ['name', 'uid', 'type', 'email_addr', 'account', 'account_uid', 'credential_uid'],
    'group': ['name', 'uid'],
    'policy': ['name', 'uid'],
    'service': ['name'],
    'databucket': ['name', 'file'],
    'database': ['name'],
    'table': ['name'],
} -%}
{%- set lists = {
    'resources': [{
        'uid': 'string', 'name': 'string', 'type': 'string', 'version': 'string', 'zone': 'string', 'data': 'string',
        'account_uid': 'string', 'owner': 'string', 'created_time': 'string', 'modified_time': 'string',
    }],
    'answers': [{'rdata': 'string', 'type': 'string', 'class': 'string', 'ttl': 'string'}],
    'privileges': ['string'],
    'auth_factors': [{'factor_type': 'string'}],
} -%}
{%- set event_fields = {'unmapped': 'string'} -%}
{%- for name in scalars + (objects | list) -%}{%- do event_fields.update({name: 'string'}) -%}{%- endfor -%}
{%- do event_fields.update(lists) -%}
{%- set user_fields = {
    'name': 'string', 'uid': 'string', 'uid_alt': 'string', 'uuid': 'string', 'type': 'string', 'type_id': 'string',
    'email_addr': 'string', 'account': 'string', 'account_uid': 'string', 'credential_uid': 'string',
} -%}
{%- set session_fields = {'uid': 'string', 'issuer': 'string', 'is_mfa': 'string', 'mfa': 'string'} -%}
{%- set url_fields = {
    'url_string': 'string', 'text': 'string', 'scheme': 'string', 'hostname': 'string', 'port': 'string', 'path': 'string',
    'query_string': 'string',
} -%}
{# Each object opened, and what of it nothing reads: objects within stay whole where there is more in them than is read. #}
{%- set within = ['product', 'account', 'org', 'location', 'autonomous_system', 'url', 'file', 'service'] -%}
{%- set rest = {} -%}
{%- set opened_objects = [] -%}
{%- for name, members in objects.items() if name not in ('actor', 'identity') -%}
    {%- set fields = {} -%}
    {%- for member in members -%}{%- do fields.update({member: 'string'}) -%}{%- endfor -%}
    {%- do opened_objects.append(parse_json('event.' ~ name, fields) ~ ' as the_' ~ name) -%}
    {%- do rest.update({name: json_without('event.' ~ name, members | reject('in', within) | list)}) -%}
{%- endfor -%}
{%- do rest.update({
    'actor': json_of({
        'user': json_without(json_text('actor', 'user'), user_fields.keys() | reject('in', within) | list),
        'session': json_without(json_text('actor', 'session'), session_fields.keys() | list),
        'actor': json_without('actor', ['user', 'session', 'app_name', 'invoked_by']),
    }),
    'unmapped': 'event.unmapped',
    'event': json_without('raw', scalars + (objects | list) + ['unmapped', 'answers', 'privileges']),
}) -%}
parsed as (

    select
        records.*,
        {{ parse_json('raw', event_fields) }} as event
    from records

),

opened as (

    select
        parsed.*,
        coalesce(event.actor, event.identity) as actor,
        {{ opened_objects | join(', ') }},
        {{ list_item('event.resources', 1) }} as resource
    from parsed

),

told as (

    select
        opened.*,
        {{ parse_json(json_text('actor', 'user'), user_fields) }} as actor_user,
        {{ parse_json(json_text('actor', 'session'), session_fields) }} as actor_session,
        {{ parse_json('the_http_request.url', url_fields) }} as url,
        coalesce(nullif(the_user.name, ''), nullif(the_user.email_addr, ''), nullif(the_user.uid, '')) as user_shown,
        -- in 1.0.0-rc.2 an API call is one of identity, with the number that 1.0 gives to user access
        case
            when event.class_uid = '3005' and event.class_name like '%API%' then 6003
            else try_cast(event.class_uid as integer)
        end as said_class,
        coalesce(try_cast(event.activity_id as integer), 0) as said_activity,
        coalesce(try_cast(event.severity_id as integer), 0) as said_severity,
        coalesce(try_cast(event.status_id as integer), 0) as said_status,
        coalesce(
            the_src_endpoint.ip, the_dst_endpoint.ip, the_dst_endpoint.svc_name, the_src_endpoint.hostname, the_dst_endpoint.hostname,
            the_src_endpoint.domain, the_dst_endpoint.domain
        ) as some_endpoint
    from opened

),

named as (

    select
        told.*,
        case when said_activity between 0 and 99 then cast(said_class as bigint) * 100 + said_activity end as said_type,
        -- what OCSF requires of the class, and the table with it
        case said_class
            when 3001 then user_shown is not null
            when 3002 then user_shown is not null
            when 3005 then user_shown is not null and {{ list_length('event.privileges') }} > 0
            when 3006 then the_group.name is not null
            when 4001 then some_endpoint is not null
            when 4002 then the_http_request.http_method is not null or the_http_response.code is not null
            when 4003 then the_query.hostname is not null and some_endpoint is not null
            when 5023 then resource.uid is not null
            when 6003 then the_api.operation is not null
            when 6005 then coalesce(the_databucket.name, the_database.name, the_table.name) is not null
            else true
        end as is_whole
    from told

),

classified as (

    select
        named.*,
        case when named.is_whole then coalesce(kinds.class_uid, 0) else 0 end as to_class,
        case when named.is_whole then coalesce(kinds.activity_id, 99) else 99 end as to_activity
    from named
    left join kinds on named.said_type = kinds.type_uid

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            source, product, vendor, uid='the_metadata.uid', code='the_metadata.event_code',
            said=[json_text('the_metadata.product', 'name'), json_text('the_metadata.product', 'vendor_name')],
            cloud='the_cloud.provider is not null',
        ) }},
        {{ timestamp_of_ms('case when length(event.start_time) <= 14 then try_cast(event.start_time as bigint) end') }} as start_time_dt,
        {{ timestamp_of_ms('case when length(event.end_time) <= 14 then try_cast(event.end_time as bigint) end') }} as end_time_dt,
        -- class
        {{ ocsf_class_columns(
            'to_class', 'to_activity',
            'case when to_class = 0 then coalesce(event.type_name, event.class_name) else event.activity_name end',
        ) }},
        -- a class without a table here may have values of its own: they are Other, the caption is kept
        case when said_severity between 0 and 6 then said_severity when said_severity between 7 and 99 then 99 else 0 end as severity_id,
        coalesce(event.severity, {{ severity_name('said_severity') }}) as severity,
        case when said_status between 0 and 2 then said_status when said_status between 3 and 99 then 99 else 0 end as status_id,
        coalesce(event.status, case said_status when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end) as status,
        event.status_code,
        event.status_detail,
        coalesce(
            try_cast(event.action_id as integer),
            case event.disposition_id when '1' then 1 when '2' then 2 end
        ) as action_id,
        try_cast(event.disposition_id as integer) as disposition_id,
        event.message,
        -- actor
        actor_user.name as actor_user_name,
        actor_user.uid as actor_user_uid,
        coalesce(actor_user.uid_alt, actor_user.uuid) as actor_user_uid_alt,
        actor_user.type as actor_user_type,
        try_cast(actor_user.type_id as integer) as actor_user_type_id,
        actor_user.email_addr as actor_user_email_addr,
        coalesce({{ json_text('actor_user.account', 'uid') }}, actor_user.account_uid) as actor_user_account_uid,
        actor_user.credential_uid as actor_user_credential_uid,
        actor_session.uid as actor_session_uid,
        actor_session.issuer as actor_session_issuer,
        try_cast(coalesce(actor_session.is_mfa, actor_session.mfa) as boolean) as actor_session_is_mfa,
        {{ json_text('actor', 'app_name') }} as actor_app_name,
        {{ json_text('actor', 'idp', 'name') }} as actor_idp_name,
        {{ json_text('actor', 'invoked_by') }} as actor_invoked_by,
        -- network
        case when {{ is_ip('the_src_endpoint.ip') }} then the_src_endpoint.ip end as src_endpoint_ip,
        try_cast(the_src_endpoint.port as integer) as src_endpoint_port,
        the_src_endpoint.hostname as src_endpoint_hostname,
        coalesce(
            the_src_endpoint.domain,
            case when not {{ is_ip('the_src_endpoint.ip') }} then the_src_endpoint.ip end
        ) as src_endpoint_domain,
        nullif(the_src_endpoint.svc_name, '-') as src_endpoint_svc_name,
        the_src_endpoint.instance_uid as src_endpoint_instance_uid,
        the_src_endpoint.vpc_uid as src_endpoint_vpc_uid,
        {{ json_text('the_src_endpoint.location', 'country') }} as src_endpoint_country,
        try_cast({{ json_text('the_src_endpoint.autonomous_system', 'number') }} as bigint) as src_endpoint_asn,
        {{ json_text('the_src_endpoint.autonomous_system', 'name') }} as src_endpoint_as_name,
        the_src_endpoint.interface_uid as src_endpoint_interface_uid,
        case when {{ is_ip('the_dst_endpoint.ip') }} then the_dst_endpoint.ip end as dst_endpoint_ip,
        try_cast(the_dst_endpoint.port as integer) as dst_endpoint_port,
        the_dst_endpoint.hostname as dst_endpoint_hostname,
        coalesce(
            the_dst_endpoint.domain,
            case when not {{ is_ip('the_dst_endpoint.ip') }} then the_dst_endpoint.ip end
        ) as dst_endpoint_domain,
        nullif(the_dst_endpoint.svc_name, '-') as dst_endpoint_svc_name,
        the_dst_endpoint.instance_uid as dst_endpoint_instance_uid,
        the_dst_endpoint.vpc_uid as dst_endpoint_vpc_uid,
        {{ json_text('the_dst_endpoint.location', 'country') }} as dst_endpoint_country,
        try_cast({{ json_text('the_dst_endpoint.autonomous_system', 'number') }} as bigint) as dst_endpoint_asn,
        the_dst_endpoint.interface_uid as dst_endpoint_interface_uid,
        -- api and cloud
        the_api.operation as api_operation,
        case when the_api.operation is not null then {{ json_text('the_api.service', 'name') }} end as api_service_name,
        the_api.version as api_version,
        {{ json_text('the_api.request', 'uid') }} as api_request_uid,
        {{ json_text('the_api.request', 'data') }} as api_request_data,
        try_cast({{ json_text('the_api.response', 'code') }} as integer) as api_response_code,
        {{ json_text('the_api.response', 'error') }} as api_response_error,
        {{ json_text('the_api.response', 'message') }} as api_response_message,
        {{ json_text('the_api.response', 'data') }} as api_response_data,
        the_cloud.provider as cloud_provider,
        coalesce({{ json_text('the_cloud.account', 'uid') }}, the_cloud.account_uid) as cloud_account_uid,
        the_cloud.region as cloud_region,
        {{ json_text('the_cloud.org', 'uid') }} as cloud_org_uid,
        the_http_request.user_agent as http_user_agent,
        resource.uid as resource_uid,
        resource.name as resource_name,
        resource.type as resource_type,
        {{ list_map('event.resources', struct_of({
            'uid': 'item.uid', 'name': 'item.name', 'type': 'item.type',
            'account_uid': 'coalesce(' ~ json_text('item.owner', 'account', 'uid') ~ ', item.account_uid)',
        })) }} as resources,
        case when to_class = 0 then {{ json_without('raw', ['time', 'message']) }} else {{ json_of(rest) }} end as unmapped,
        -- class extras: people, groups and policies
        user_shown as user_name,
        the_user.uid as user_uid,
        the_user.type as user_type,
        the_user.email_addr as user_email_addr,
        coalesce({{ json_text('the_user.account', 'uid') }}, the_user.account_uid) as user_account_uid,
        the_user.credential_uid as user_credential_uid,
        the_group.name as group_name,
        the_group.uid as group_uid,
        the_policy.name as policy_name,
        the_policy.uid as policy_uid,
        event.privileges,
        -- class extras: authentication
        try_cast(coalesce(event.is_mfa, event.mfa) as boolean) as is_mfa,
        {{ list_item('event.auth_factors', 1) }}.factor_type as mfa_factor,
        try_cast(event.auth_protocol_id as integer) as auth_protocol_id,
        try_cast(event.logon_type_id as integer) as logon_type_id,
        coalesce(the_service.name, case when to_class = 3002 then {{ json_text('the_api.service', 'name') }} end) as service_name,
        -- class extras: connections, names and requests
        try_cast(the_connection_info.protocol_num as integer) as protocol_num,
        lower(the_connection_info.protocol_name) as protocol_name,
        coalesce(try_cast(the_connection_info.direction_id as integer), 0) as direction_id,
        coalesce(
            the_connection_info.direction,
            case the_connection_info.direction_id
                when '1' then 'Inbound' when '2' then 'Outbound' when '3' then 'Lateral' when '4' then 'Local' else 'Unknown'
            end
        ) as direction,
        try_cast(the_connection_info.tcp_flags as integer) as tcp_flags,
        nullif(the_connection_info.boundary, '-') as boundary,
        try_cast(the_traffic.bytes as bigint) as traffic_bytes,
        try_cast(the_traffic.packets as bigint) as traffic_packets,
        case when the_query.hostname = '.' then '.' else lower(regexp_replace(the_query.hostname, '[.]$', '')) end as query_hostname,
        the_query.type as query_type,
        the_query.class as query_class,
        try_cast(event.rcode_id as integer) as rcode_id,
        event.rcode,
        {{ list_map('event.answers', struct_of({
            'rdata': 'item.rdata', 'type': 'item.type', 'class': 'item.class', 'ttl': 'try_cast(item.ttl as bigint)',
        })) }} as answers,
        the_firewall_rule.uid as firewall_rule_uid,
        the_http_request.http_method,
        coalesce(url.url_string, url.text) as url_string,
        url.scheme as url_scheme,
        url.hostname as url_hostname,
        try_cast(url.port as integer) as url_port,
        url.path as url_path,
        url.query_string as url_query,
        the_http_request.version as http_version,
        try_cast(the_http_response.code as integer) as http_status,
        try_cast(the_http_request.length as bigint) as http_request_length,
        try_cast(the_http_response.length as bigint) as http_response_length,
        the_tls.version as tls_version,
        the_tls.cipher as tls_cipher,
        try_cast(event.duration as bigint) as duration_ms,
        -- class extras: stores, and a resource as it was
        the_databucket.name as databucket_name,
        {{ json_text('the_databucket.file', 'path') }} as databucket_object,
        the_database.name as database_name,
        the_table.name as table_name,
        try_cast(event.type_id as integer) as datastore_type_id,
        try_cast({{ json_text('the_databucket.file', 'size') }} as bigint) as bytes,
        resource.zone as resource_zone,
        resource.version as resource_version,
        resource.data as resource_data,
        {{ timestamp_of_ms(
            'case when length(resource.created_time) <= 14 then try_cast(resource.created_time as bigint) end'
        ) }} as resource_created_dt,
        {{ timestamp_of_ms(
            'case when length(resource.modified_time) <= 14 then try_cast(resource.modified_time as bigint) end'
        ) }} as resource_modified_dt
    from classified

)
{%- endmacro %}
