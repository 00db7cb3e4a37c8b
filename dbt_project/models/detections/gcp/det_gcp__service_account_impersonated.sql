{%- set where -%}
    cloud_provider = 'GCP'
    and (api_service_name = 'iamcredentials.googleapis.com' or api_service_name = 'iam.googleapis.com')
    and activity_id = 7
    and status_id = 1
    -- Who signs as itself takes on nothing.
    and lower(coalesce(actor_user_name, '')) <> lower(user_name)
    -- What Google's own agents and the workload identity of a cluster do all day: there the platform vouches.
    and coalesce(actor_user_name, '') not like 'service-%@%.gserviceaccount.com'
    and coalesce(actor_user_uid_alt, '') not like '%.svc.id.goog[%'
{%- endset -%}
{{ detect_event(
    input=ref('ocsf_authentication'),
    where=where,
    entity=['actor_user_uid', 'user_name'],
    nullable=['actor_user_uid'],
    window=1440,
    columns=['api_operation'],
    facts={
        'operations': distinct_texts('api_operation'),
        'addresses': distinct_texts('src_endpoint_ip'),
        'projects': distinct_texts('cloud_account_uid'),
    },
    title="concat_ws(' ', coalesce(actor_user_name, actor_user_uid, 'somebody'), 'took on service account', user_name)"
) }}
