{%- set where -%}
    metadata_event_code in {{ okta_password_sign_ins() }}
    and status_id = 2
{%- endset -%}
{{ detect_threshold(
    input=ref('ocsf_authentication'),
    where=where,
    entity=['src_endpoint_ip'],
    window=60,
    at_least=10,
    distinct='login',
    derive={'login': 'lower(coalesce(actor_user_name, actor_user_uid))'},
    facts={'users': 'count(distinct login)', 'logins': distinct_texts('login', 50)},
    title="concat_ws(' ', src_endpoint_ip, 'failed to sign in as', cast(users as string), 'users')"
) }}
