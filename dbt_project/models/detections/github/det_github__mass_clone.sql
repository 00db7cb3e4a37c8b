{%- set where -%}
    metadata_product_vendor_name = 'GitHub'
    and api_operation in ('git.clone', 'repo.download_zip')
    and status_id = 1
    -- Workflows and apps clone all day long.
    and coalesce(actor_user_type, 'User') <> 'Bot'
{%- endset -%}
{{ detect_threshold(
    input=ref('ocsf_api_activity'),
    where=where,
    entity=['actor_user_name'],
    window=60,
    at_least=20,
    columns=['vcs_repository_name'],
    facts={
        'distinct_repositories': 'count(distinct vcs_repository_name)',
        'repositories': distinct_texts('vcs_repository_name'),
        'addresses': distinct_texts('src_endpoint_ip'),
    },
    title="concat_ws(' ', actor_user_name, 'copied repositories', cast(event_count as string), 'times, up to',
        cast(most_in_window as string), 'within an hour')"
) }}
