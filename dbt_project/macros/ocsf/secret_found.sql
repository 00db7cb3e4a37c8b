{#
    The columns of a secret that a scanner found, as a data security finding, out of the CTE `classified`: to_class, to_activity,
    detector, label, secret (its keyed hash), path, line, revision, repository, link, finding_uid, author, email, grade (severity_id)
    and standing (status_id).
#}
{% macro secret_found_columns(source, product, vendor) -%}
        -- identity, lineage and time
        {{ ocsf_identity_columns(source, product, vendor, uid='finding_uid', code='detector', profiles=['datetime', 'sdlc']) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'detector') }},
        cast(grade as integer) as severity_id,
        {{ severity_name('grade') }} as severity,
        cast(case when to_class = 0 then 0 else standing end as integer) as status_id,
        case when to_class = 0 then 'Unknown' else {{ finding_status_name('standing') }} end as status,
        coalesce(label, detector) as message,
        -- actor: who committed it, or said what became of it
        author as actor_user_name,
        case when email like '%@%' then email end as actor_user_email_addr,
        -- resource
        coalesce(path, repository) as resource_uid,
        coalesce(path, repository) as resource_name,
        case when path is not null then 'File' when repository is not null then 'repository' end as resource_type,
        -- class extras
        case when to_class <> 0 then finding_uid end as finding_info_uid,
        case when to_class <> 0 then coalesce(label, detector) end as finding_info_title,
        detector as finding_info_analytic_uid,
        link as finding_info_src_url,
        event_time as finding_info_last_seen_dt,
        -- credentials, found by a scanner of secrets
        cast(case when to_class <> 0 then 6 end as integer) as data_security_category_id,
        cast(case when to_class <> 0 then 11 end as integer) as data_security_detection_system_id,
        detector as data_security_detection_pattern,
        secret as data_security_pattern_match,
        path as file_path,
        try_cast(line as integer) as file_line,
        repository as vcs_repository_name,
        revision as vcs_ref_revision
{%- endmacro %}
