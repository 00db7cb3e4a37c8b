{%- set where -%}
    metadata_product_vendor_name = 'GitHub'
    and api_operation in (
        'repo.register_self_hosted_runner', 'org.register_self_hosted_runner', 'enterprise.register_self_hosted_runner'
    )
    and status_id = 1
{%- endset -%}
{{ detect_event(
    input=ref('ocsf_api_activity'),
    where=where,
    entity=['cloud_account_uid', 'actor_user_name', 'vcs_repository_name'],
    nullable=['cloud_account_uid', 'actor_user_name', 'vcs_repository_name'],
    window=60,
    columns=['api_operation', 'resource_name'],
    facts={'runners': distinct_texts('resource_name'), 'addresses': distinct_texts('src_endpoint_ip')},
    title="concat_ws(' ', coalesce(actor_user_name, 'somebody'), 'registered a runner of their own for',
        coalesce(vcs_repository_name, cloud_account_uid, 'the organisation'))"
) }}
