{%- set where -%}
    cloud_provider = 'GCP'
    and api_service_name = 'storage.googleapis.com'
    and status_id = 1
    and activity_id = 1
    and (
        ', ' || user_name || ',' like '%, allUsers,%'
        or ', ' || user_name || ',' like '%, allAuthenticatedUsers,%'
    )
{%- endset -%}
{{ detect_event(
    input=ref('ocsf_user_access'),
    where=where,
    entity=['resource_uid'],
    window=60,
    columns=['policy_name', 'user_name'],
    facts={'roles': distinct_texts('policy_name'), 'members': distinct_texts('user_name'), 'actors': distinct_texts('actor_user_uid')},
    title="concat_ws(' ', coalesce(actor_user_name, actor_user_uid, 'somebody'), 'gave', policy_name, 'on bucket', resource_name, 'to everybody')"
) }}
