{{ routes_to(['data_security_finding', 'base_event']) }}

{# https://github.com/gitleaks/gitleaks/blob/master/report/finding.go, and the names of version 7, which are in lower case #}
{% set finding_fields = {
    'RuleID': 'string', 'Description': 'string', 'StartLine': 'string', 'Secret': 'string', 'File': 'string', 'Commit': 'string',
    'Link': 'string', 'Author': 'string', 'Email': 'string', 'Date': 'string', 'Message': 'string', 'Tags': ['string'],
    'Fingerprint': 'string',
} %}
{% set old_fields = {
    'rule': 'string', 'lineNumber': 'string', 'offender': 'string', 'file': 'string', 'commit': 'string', 'repo': 'string',
    'repoURL': 'string', 'leakURL': 'string', 'author': 'string', 'email': 'string', 'date': 'string', 'commitMessage': 'string',
    'tags': 'string',
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'gitleaks')) }}

),

kinds as (

    select * from {{ ref('gitleaks') }}

),

parsed as (

    select
        records.*,
        -- a struct each: names that differ in case alone cannot stand in one
        {{ parse_json('raw', finding_fields) }} as finding,
        {{ parse_json('raw', old_fields) }} as old
    from records

),

named as (

    select
        parsed.*,
        coalesce(nullif(finding.RuleID, ''), nullif(old.rule, '')) as detector,
        coalesce(nullif(finding.File, ''), nullif(old.file, '')) as path,
        coalesce(nullif(finding.Commit, ''), nullif(old.commit, '')) as revision,
        coalesce(finding.StartLine, old.lineNumber) as line,
        coalesce(finding.Secret, old.offender) as secret,
        coalesce(nullif(finding.Link, ''), nullif(old.leakURL, '')) as link,
        coalesce(nullif(finding.Author, ''), nullif(old.author, '')) as author,
        coalesce(nullif(finding.Email, ''), nullif(old.email, '')) as email,
        -- version 7 writes `.` for the folder that it was started in
        coalesce(
            nullif(regexp_extract(
                coalesce(finding.Link, old.repoURL), '^https?://[^/]+/(.+?)(/-)?(/(blob|src|tree|commit)/.*|[.]git)?$', 1
            ), ''),
            nullif(nullif(old.repo, ''), '.')
        ) as repository
    from parsed

),

classified as (

    select
        named.*,
        coalesce(kinds.class_uid, 0) as to_class,
        coalesce(kinds.activity_id, 99) as to_activity
    from named
    left join kinds
        on
            named.detector is not null and named.path is not null
            and case when named.revision is null then 'file' else 'commit' end = kinds.kind

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            'gitleaks', 'Gitleaks', 'Gitleaks', uid='finding.Fingerprint', code='detector', profiles=['datetime', 'sdlc'],
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'detector') }},
        cast(0 as integer) as severity_id,
        'Unknown' as severity,
        cast(case when to_class = 0 then 0 else 1 end as integer) as status_id,
        case when to_class = 0 then 'Unknown' else 'New' end as status,
        coalesce(nullif(finding.Description, ''), detector) as message,
        -- actor: who committed it
        author as actor_user_name,
        case when email like '%@%' then email end as actor_user_email_addr,
        -- resource
        path as resource_uid,
        path as resource_name,
        case when path is not null then 'File' end as resource_type,
        {{ json_without('raw', [
            'RuleID', 'Description', 'StartLine', 'Secret', 'File', 'Commit', 'Link', 'Author', 'Email', 'Date', 'Tags', 'Fingerprint',
            'rule', 'lineNumber', 'offender', 'file', 'commit', 'repo', 'repoURL', 'leakURL', 'author', 'email', 'date', 'tags',
        ]) }} as unmapped,
        -- class extras
        case when to_class <> 0 then coalesce(
            nullif(finding.Fingerprint, ''),
            {{ joined_texts(list_of(['revision', 'path', 'detector', 'line']), ':') }}
        ) end as finding_info_uid,
        case when to_class <> 0 then coalesce(nullif(finding.Description, ''), detector) end as finding_info_title,
        coalesce(finding.Tags, {{ "split(nullif(old.tags, ''), ', ')" }}) as finding_info_types,
        detector as finding_info_analytic_uid,
        link as finding_info_src_url,
        event_time as finding_info_created_dt,
        event_time as finding_info_first_seen_dt,
        cast(case when to_class <> 0 then 6 end as integer) as data_security_category_id,
        cast(case when to_class <> 0 then 11 end as integer) as data_security_detection_system_id,
        detector as data_security_detection_pattern,
        secret as data_security_pattern_match,
        path as file_path,
        try_cast(line as integer) as file_line,
        repository as vcs_repository_name,
        revision as vcs_ref_revision
    from classified

)

select * from final
