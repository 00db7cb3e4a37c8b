{%- set sign_in -%}
    (metadata_event_code in {{ okta_password_sign_ins() }} or metadata_event_code = 'user.authentication.auth_via_mfa')
{%- endset -%}
{%- set login = {'login': 'lower(coalesce(actor_user_name, actor_user_uid))'} -%}
{{ detect_sequence(
    first={'input': ref('ocsf_authentication'), 'where': sign_in ~ ' and status_id = 2', 'at_least': 5, 'derive': login},
    then={'input': ref('ocsf_authentication'), 'where': sign_in ~ ' and status_id = 1', 'derive': login},
    entity=['login'],
    window=30,
    facts={'addresses': distinct_texts('src_endpoint_ip'), 'steps': distinct_texts('metadata_event_code')},
    columns=['metadata_event_code'],
    title="concat_ws(' ', login, 'signed in after', cast(most_in_window as string), 'failures within half an hour')"
) }}
