{%- set where -%}
    api_service_name = 'signin.amazonaws.com'
    and api_operation = 'ConsoleLogin'
    and status_id = 2
    and (actor_user_type = 'Root' or actor_user_uid like 'arn:%:root')
{%- endset -%}
{{ detect_threshold(
    input=ref('ocsf_authentication'),
    where=where,
    entity=['cloud_account_uid'],
    window=60,
    at_least=5,
    facts={'addresses': distinct_texts('src_endpoint_ip')},
    title="concat_ws(' ', 'Root of account', cloud_account_uid, 'failed', cast(event_count as string),
        'times to sign in to the console')"
) }}
