{{ routes_to(['compliance_finding', 'base_event']) }}

{# https://github.com/aquasecurity/kube-bench/blob/main/check/check.go; the control around a check is the attribute `fields`. #}
{% set check_fields = {
    'test_number': 'string', 'test_desc': 'string', 'status': 'string', 'remediation': 'string', 'reason': 'string',
    'actual_value': 'string', 'expected_result': 'string', 'scored': 'string',
} %}
{% set around_fields = {
    'control': {'id': 'string', 'version': 'string', 'detected_version': 'string', 'text': 'string', 'node_type': 'string'},
    'section': {'section': 'string'}, 'scan': {'place': 'string'},
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'kube_bench')) }}

),

kinds as (

    select * from {{ ref('kube_bench') }}

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
        case upper(found.status) when 'PASS' then 'pass' when 'FAIL' then 'fail' when 'WARN' then 'warn' else 'other' end as verdict,
        case upper(found.status) when 'FAIL' then case found.scored when 'false' then 2 else 3 end when 'WARN' then 2 else 1 end as grade,
        found.test_desc as label,
        nullif(found.test_number, '') as check_uid,
        concat_ws('/', around.scan.place, around.control.node_type) as place_uid,
        around.scan.place as place_name,
        around.control.node_type as place_type,
        cast(null as varchar) as account,
        found.reason as said,
        case when around.control.version is not null then {{ list_of(["'CIS Kubernetes Benchmark ' || around.control.version"]) }} end
            as standard,
        case when found.test_number is not null then {{ list_of(['found.test_number']) }} end as requirement,
        concat_ws('/', around.scan.place, around.control.version, around.control.node_type, found.test_number) as finding_uid
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
        {{ posture_check_columns('kube_bench', 'kube-bench', 'Aqua Security') }},
        {{ json_without('raw', ['test_number', 'test_desc', 'status', 'remediation', 'reason']) }} as unmapped,
        {{ json_text(json_at('attributes', '$.fields'), 'section', 'desc') }} as finding_info_desc,
        nullif(found.remediation, '') as remediation_desc
    from classified

)

select * from final
