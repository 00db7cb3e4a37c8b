{#
    The columns of what a scanner of code found, as an application security posture finding, out of the CTE `classified`: to_class,
    to_activity, standing (status_id), grade (severity_id), rule_uid, label, said, finding_uid, types (a list or NULL), link, path,
    line, revision, ref_name and repository.
#}
{% macro code_finding_columns(source, product, vendor, said_by=none) -%}
        -- identity, lineage and time
        {{ ocsf_identity_columns(source, product, vendor, uid='finding_uid', code='rule_uid', profiles=['datetime', 'sdlc'], said=said_by) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'rule_uid') }},
        cast(grade as integer) as severity_id,
        {{ severity_name('grade') }} as severity,
        cast(case when to_class = 0 then 0 else standing end as integer) as status_id,
        case when to_class = 0 then 'Unknown' else {{ finding_status_name('standing') }} end as status,
        coalesce(said, label) as message,
        -- resource
        coalesce(path, repository) as resource_uid,
        coalesce(path, repository) as resource_name,
        case when path is not null then 'File' when repository is not null then 'repository' end as resource_type,
        case
            when coalesce(path, repository) is not null
                then {{ list_of([struct_of({
                    'uid': 'coalesce(path, repository)', 'name': 'coalesce(path, repository)',
                    'type': "case when path is not null then 'File' else 'repository' end", 'account_uid': 'cast(null as varchar)',
                })]) }}
        end as resources,
        -- class extras
        case when to_class <> 0 then finding_uid end as finding_info_uid,
        case when to_class <> 0 then coalesce(label, rule_uid, said) end as finding_info_title,
        types as finding_info_types,
        rule_uid as finding_info_analytic_uid,
        link as finding_info_src_url,
        event_time as finding_info_last_seen_dt,
        path as file_path,
        try_cast(line as integer) as file_line,
        repository as vcs_repository_name,
        ref_name as vcs_ref_name,
        revision as vcs_ref_revision
{%- endmacro %}
