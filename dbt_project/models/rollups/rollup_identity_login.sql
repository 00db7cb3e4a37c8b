{%- set classes = [
    ref('ocsf_api_activity'),
    ref('ocsf_datastore_activity'),
    ref('ocsf_authentication'),
    ref('ocsf_account_change'),
    ref('ocsf_user_access'),
    ref('ocsf_group_management'),
] -%}
with

observed as (
    {%- for class in classes %}
        {{ identity_rows(class) }}
        union all
    {%- endfor %}
    {{- saml_rows(ref('ocsf_authentication')) }}

),

final as (

    select
        event_date,
        source,
        login_kind,
        login_uid,
        login_name,
        display_name,
        email,
        method,
        cast(count(*) as bigint) as events,
        min(time_dt) as first_seen_dt,
        max(time_dt) as last_seen_dt,
        min(event_uid) as evidence_event_uid
    from observed
    where login_uid is not null
    group by event_date, source, login_kind, login_uid, login_name, display_name, email, method

)

select * from final
