{{ routes_to(['detection_finding', 'base_event']) }}

{# https://falco.org/docs/outputs/formatting/ #}
{% set event_fields = {
    'uuid': 'string', 'output': 'string', 'priority': 'string', 'rule': 'string', 'time': 'json', 'output_fields': 'json',
    'source': 'string', 'tags': ['string'], 'hostname': 'string',
} %}
{# https://falco.org/docs/reference/rules/supported-fields/ and the fields of the plugins k8saudit, cloudtrail and okta #}
{% set known_fields = {
    'user_name': ['user.name', 'ka.user.name', 'ct.user', 'okta.actor.alternateID'],
    'user_uid': ['user.uid', 'ct.user.arn', 'okta.actor.id'], 'login_uid': ['user.loginuid'],
    'process': ['proc.name'], 'container_uid': ['container.id'], 'container_name': ['container.name'],
    'image': ['container.image.repository'], 'pod': ['k8s.pod.name'], 'namespace': ['k8s.ns.name', 'ka.target.namespace'],
    'from_ip': ['fd.cip', 'ct.srcip', 'okta.client.ipaddress', 'ka.sourceips'], 'from_port': ['fd.cport'],
    'to_ip': ['fd.sip'], 'to_port': ['fd.sport'],
    'operation': ['evt.type', 'ka.verb', 'ct.name', 'okta.evt.type'], 'account': ['ct.user.accountid'], 'region': ['ct.region'],
    'agent': ['ct.useragent', 'ka.useragent'], 'target': ['ka.target.name'], 'target_kind': ['ka.target.resource'],
    'call_uid': ['ka.auditid', 'ct.id'],
} %}
{# What stands in a field; Falco writes <NA> for what it does not know. #}
{% set said_fields = {} %}
{% for column, keys in known_fields.items() %}
    {% set said = [] %}
    {% for key in keys %}
        {% do said.append("nullif(nullif(" ~ json_text('event.output_fields', key) ~ ", '<NA>'), '')") %}
    {% endfor %}
    {% do said_fields.update({column: said}) %}
{% endfor %}

with

records as (

    select * from {{ new_rows(source('bronze', 'falco')) }}

),

kinds as (

    select * from {{ ref('falco') }}

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
        nullif(event.rule, '') as rule,
        nullif(event.output, '') as output,
        nullif(event.hostname, '') as host,
        coalesce(nullif(lower(event.source), ''), 'syscall') as event_source,
        {% for column, keys in said_fields.items() %}
            coalesce({{ keys | join(', ') }}, cast(null as varchar)) as field_{{ column }},
        {% endfor %}
        {{ list_where('event.tags', "item like 'mitre_%'") }} as tactic_tags,
        {{ list_where('event.tags', "item like 'T1___' or item like 'T1___.___'") }} as technique_uids
    from parsed

),

classified as (

    select
        opened.*,
        case
            when opened.rule is null or opened.output is null then 0
            else coalesce(exact.class_uid, any_source.class_uid, 0)
        end as to_class,
        case
            when opened.rule is null or opened.output is null then 99
            else coalesce(exact.activity_id, any_source.activity_id, 99)
        end as to_activity,
        case lower(opened.event.priority)
            when 'emergency' then 6
            when 'alert' then 5
            when 'critical' then 5
            when 'error' then 4
            when 'warning' then 3
            when 'notice' then 2
            when 'informational' then 1
            when 'info' then 1
            when 'debug' then 1
            else 0
        end as grade,
        nullif(opened.field_container_uid, 'host') as container,
        coalesce({{ is_ip('field_from_ip') }}, false) as is_from_ip,
        coalesce({{ is_ip('field_to_ip') }}, false) as is_to_ip,
        case when opened.event_source = 'aws_cloudtrail' then 'AWS' end as provider
    from opened
    left join kinds as exact
        on opened.event_source = exact.event_source
    left join kinds as any_source
        on any_source.event_source = '*'

),

placed as (

    select
        classified.*,
        {{ list_where(list_of([
            struct_of({
                'uid': "case when field_pod is not null then concat_ws('/', field_namespace, field_pod) end", 'name': 'field_pod',
                'type': "'pod'", 'account_uid': 'cast(null as varchar)',
            }),
            struct_of({
                'uid': "case when field_target_kind is not null then concat_ws('/', field_namespace, field_target_kind, field_target) end",
                'name': 'field_target', 'type': 'field_target_kind', 'account_uid': 'cast(null as varchar)',
            }),
            struct_of({
                'uid': 'container', 'name': 'coalesce(field_container_name, field_image)', 'type': "'container'",
                'account_uid': 'cast(null as varchar)',
            }),
            struct_of({'uid': 'host', 'name': 'host', 'type': "'host'", 'account_uid': 'cast(null as varchar)'}),
        ]), 'item.uid is not null') }} as things,
        -- ATT&CK's tactics are tags as mitre_lateral_movement
        {{ list_where(list_map('tactic_tags', attack_tactic_uid("substr(item, 7)")), 'item is not null') }} as tactic_uids
    from classified

),

final as (

    select
        -- identity, lineage and time: Falcosidekick writes an alert in other bytes than Falco
        {{ ocsf_identity_columns(
            'falco', 'Falco', 'Falco', uid="nullif(event.uuid, '')", code='rule', cloud='provider is not null',
            text=entity_key(['rule', 'output', 'host', 'event.priority']),
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'rule') }},
        cast(grade as integer) as severity_id,
        {{ severity_name('grade') }} as severity,
        cast(case when to_class > 0 then 1 else 0 end as integer) as status_id,
        case when to_class > 0 then 'New' else 'Unknown' end as status,
        event.priority as status_code,
        output as message,
        -- actor
        field_user_name as actor_user_name,
        field_user_uid as actor_user_uid,
        case when field_user_name like '%_@_%' then field_user_name end as actor_user_email_addr,
        -- network
        case when is_from_ip then field_from_ip end as src_endpoint_ip,
        case when is_from_ip and try_cast(field_from_port as integer) between 1 and 65535 then try_cast(field_from_port as integer) end
            as src_endpoint_port,
        case when is_to_ip then field_to_ip end as dst_endpoint_ip,
        case when is_to_ip and try_cast(field_to_port as integer) between 1 and 65535 then try_cast(field_to_port as integer) end
            as dst_endpoint_port,
        -- api and cloud
        field_operation as api_operation,
        field_call_uid as api_request_uid,
        provider as cloud_provider,
        field_account as cloud_account_uid,
        field_region as cloud_region,
        field_agent as http_user_agent,
        {{ list_item('things', 1) }}.uid as resource_uid,
        {{ list_item('things', 1) }}.name as resource_name,
        {{ list_item('things', 1) }}.type as resource_type,
        case when {{ list_length('things') }} > 0 then things end as resources,
        {{ json_without('raw', ['uuid', 'time', 'rule', 'output', 'hostname', 'priority', 'source']) }} as unmapped,
        -- class extras
        case when to_class > 0 then event_uid end as finding_info_uid,
        case when to_class > 0 then rule end as finding_info_title,
        case when to_class > 0 then output end as finding_info_desc,
        case when to_class > 0 then {{ list_of(['event_source']) }} end as finding_info_types,
        case when to_class > 0 then rule end as finding_info_analytic_uid,
        case when to_class > 0 then 'Falco' end as finding_info_product_name,
        case when to_class > 0 then event_time end as finding_info_created_dt,
        case when to_class > 0 and {{ list_length('tactic_uids') }} > 0 then tactic_uids end as attack_tactic_uids,
        case when to_class > 0 and {{ list_length('technique_uids') }} > 0 then technique_uids end as attack_technique_uids,
        case when to_class > 0 then true end as is_alert
    from placed

)

select * from final
