{#
    The columns of API activity that every source of code and pipelines fills alike, out of the CTE `classified`: to_class,
    to_activity, result (1, 2, 0), done (the source's word), actor_login, actor_uid, actor_kind (User, Bot, ...), account,
    kind_of_resource, kind_uid and kind_name. `text` is what a redelivery has in common with the first delivery.
#}
{% macro sdlc_activity(source, product, vendor, uid, code, text='raw', address='cast(null as varchar)', provider=none) -%}
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            source, product, vendor, uid=uid, code=code, text=text,
            profiles=(['cloud'] if provider else []) + ['datetime', 'sdlc', 'security_control'],
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', code) }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        -- actor
        actor_login as actor_user_name,
        actor_uid as actor_user_uid,
        actor_kind as actor_user_type,
        cast(case actor_kind when 'User' then 1 when 'Admin' then 2 when 'System' then 3 else case when actor_kind is not null then 99 end end as integer)
            as actor_user_type_id,
        account as actor_user_account_uid,
        case when actor_login is null and actor_uid is null then '{{ product }}' end as actor_app_name,
        -- network
        case when {{ is_ip(address) }} then {{ address }} end as src_endpoint_ip,
        case when not coalesce({{ is_ip(address) }}, false) then '{{ vendor }}' end as src_endpoint_svc_name,
        '{{ vendor }}' as dst_endpoint_svc_name,
        -- api and cloud
        {{ code }} as api_operation,
        '{{ vendor }}' as api_service_name,
        {%- if provider %}
        '{{ provider }}' as cloud_provider,
        account as cloud_account_uid,
        {%- endif %}
        coalesce(kind_uid, kind_name) as resource_uid,
        kind_name as resource_name,
        kind_of_resource as resource_type,
        case
            when coalesce(kind_uid, kind_name) is not null
                then {{ list_of([struct_of({
                    'uid': 'coalesce(kind_uid, kind_name)', 'name': 'kind_name', 'type': 'kind_of_resource', 'account_uid': 'account',
                })]) }}
        end as resources
{%- endmacro %}
