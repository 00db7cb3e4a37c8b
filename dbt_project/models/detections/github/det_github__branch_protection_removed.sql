{%- set where -%}
    metadata_product_vendor_name = 'GitHub'
    and status_id = 1
    and (
        api_operation in ('protected_branch.destroy', 'repository_ruleset.destroy')
        -- 0 is off: https://docs.github.com/rest/branches/branch-protection
        or (
            api_operation = 'protected_branch.update_pull_request_reviews_enforcement_level'
            and {{ json_text('unmapped', 'pull_request_reviews_enforcement_level') }} in ('0', 'off')
        )
        or (
            api_operation = 'protected_branch.update_required_status_checks_enforcement_level'
            and {{ json_text('unmapped', 'required_status_checks_enforcement_level') }} in ('0', 'off')
        )
        or (
            api_operation = 'protected_branch.update_admin_enforced'
            and {{ json_text('unmapped', 'admin_enforced') }} = 'false'
        )
    )
{%- endset -%}
{{ detect_event(
    input=ref('ocsf_api_activity'),
    where=where,
    entity=['actor_user_name', 'vcs_repository_name'],
    nullable=['actor_user_name', 'vcs_repository_name'],
    window=60,
    columns=['api_operation', 'vcs_ref_name'],
    facts={
        'operations': distinct_texts('api_operation'),
        'branches': distinct_texts('vcs_ref_name'),
        'addresses': distinct_texts('src_endpoint_ip'),
    },
    title="concat_ws(' ', coalesce(actor_user_name, 'somebody'), 'took protection off', coalesce(vcs_ref_name, 'branches'), 'of',
        coalesce(vcs_repository_name, 'the organisation'))"
) }}
