{%- set where -%}
    metadata_product_vendor_name = 'GitHub'
    and status_id = 1
    and (
        -- Old rows do not say what the visibility became.
        (api_operation = 'repo.access' and coalesce(vcs_repository_visibility, 'unknown') not in ('private', 'internal'))
        or (api_operation = 'repo.create' and vcs_repository_visibility = 'public')
    )
{%- endset -%}
{{ detect_event(
    input=ref('ocsf_api_activity'),
    where=where,
    entity=['actor_user_name', 'vcs_repository_name'],
    nullable=['actor_user_name', 'vcs_repository_name'],
    window=60,
    columns=['api_operation', 'vcs_repository_visibility'],
    facts={
        'operations': distinct_texts('api_operation'),
        'visibility': distinct_texts('vcs_repository_visibility'),
        'addresses': distinct_texts('src_endpoint_ip'),
    },
    title="concat_ws(' ', coalesce(actor_user_name, 'somebody'),
        case
            when api_operation = 'repo.create' then 'created the public repository'
            when vcs_repository_visibility = 'public' then 'made public the repository'
            else 'changed who sees the repository'
        end,
        coalesce(vcs_repository_name, 'of unknown name'))"
) }}
