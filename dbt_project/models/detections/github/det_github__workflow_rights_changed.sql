{%- set where -%}
    metadata_product_vendor_name = 'GitHub'
    and status_id = 1
    and regexp_extract(api_operation, '^(business|org|repo)[.](set_default_workflow_permissions|set_workflow_permission_can_approve_pr)$', 2) <> ''
    -- What an organisation is created with is no change.
    and coalesce({{ json_text('unmapped', 'operation_type') }}, 'modify') <> 'create'
{%- endset -%}
{{ detect_event(
    input=ref('ocsf_api_activity'),
    where=where,
    entity=['cloud_account_uid', 'actor_user_name', 'vcs_repository_name'],
    nullable=['cloud_account_uid', 'actor_user_name', 'vcs_repository_name'],
    window=60,
    columns=['api_operation'],
    facts={'operations': distinct_texts('api_operation'), 'addresses': distinct_texts('src_endpoint_ip')},
    title="concat_ws(' ', coalesce(actor_user_name, 'somebody'), 'changed what workflows may do in',
        coalesce(vcs_repository_name, cloud_account_uid, 'the organisation'))"
) }}
