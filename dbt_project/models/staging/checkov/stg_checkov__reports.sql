{{ routes_to(['compliance_finding', 'base_event']) }}

{# https://www.checkov.io/8.Outputs/JSON.html; the report around a check is the attribute `fields`. #}
{% set check_fields = {
    'check_id': 'string', 'bc_check_id': 'string', 'check_name': 'string', 'check_result': {'result': 'string', 'suppress_comment': 'string'},
    'file_path': 'string', 'repo_file_path': 'string', 'file_line_range': ['string'], 'resource': 'string', 'resource_address': 'string',
    'severity': 'string', 'guideline': 'string',
} %}
{% set around_fields = {'found_in': 'string', 'report': {'check_type': 'string'}, 'scan': {'place': 'string'}} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'checkov')) }}

),

kinds as (

    select * from {{ ref('checkov') }}

),

parsed as (

    select
        records.*,
        {{ around_finding(around_fields) }} as around,
        {{ parse_json('raw', check_fields) }} as found
    from records

),

opened as (

    select
        parsed.*,
        case
            when upper(found.check_result.result) = 'PASSED' or around.found_in = 'passed_checks' then 'pass'
            when upper(found.check_result.result) = 'SKIPPED' or around.found_in = 'skipped_checks' then 'muted'
            when upper(found.check_result.result) = 'FAILED' or around.found_in = 'failed_checks' then 'fail'
            else 'other'
        end as verdict,
        {{ severity_of_word('found.severity') }} as grade,
        found.check_name as label,
        coalesce(nullif(found.check_id, ''), found.bc_check_id) as check_uid,
        found.resource as place_uid,
        coalesce(found.resource, found.file_path) as place_name,
        around.report.check_type as place_type,
        cast(null as varchar) as account,
        found.check_result.suppress_comment as said,
        cast(null as varchar[]) as standard,
        cast(null as varchar[]) as requirement,
        concat_ws('/', around.scan.place, around.report.check_type, found.check_id, found.file_path, found.resource) as finding_uid
    from parsed

),

matched as (

    select
        opened.*,
        kinds.class_uid as kind_class,
        kinds.activity_id as kind_activity
    from opened
    left join kinds on opened.verdict = kinds.kind

),

classified as (

    select
        matched.*,
        case when check_uid is null then 0 else coalesce(kind_class, 0) end as to_class,
        case when check_uid is null then 99 else coalesce(kind_activity, 99) end as to_activity
    from matched

),

final as (

    select
        {{ posture_check_columns('checkov', 'Checkov', 'Palo Alto Networks') }},
        {{ json_without('raw', ['check_id', 'check_name', 'check_result', 'resource', 'severity', 'guideline']) }} as unmapped,
        found.guideline as finding_info_src_url
    from classified

)

select * from final
