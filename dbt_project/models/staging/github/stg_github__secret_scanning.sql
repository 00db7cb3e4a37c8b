{{ routes_to(['data_security_finding', 'base_event']) }}

{# https://docs.github.com/rest/secret-scanning/secret-scanning #}
{% set alert_fields = {
    'number': 'string', 'url': 'string', 'html_url': 'string', 'state': 'string', 'resolution': 'string', 'resolution_comment': 'string',
    'secret_type': 'string', 'secret_type_display_name': 'string', 'secret': 'string', 'validity': 'string', 'publicly_leaked': 'string',
    'resolved_by': {'login': 'string'}, 'repository': {'full_name': 'string'}, 'created_at': 'string',
    'first_location_detected': {'path': 'string', 'start_line': 'string', 'commit_sha': 'string'},
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'github_secret_scanning')) }}

),

kinds as (

    select * from {{ ref('github_secret_scanning') }}

),

unfolded as (

    select
        records.*,
        {{ unsigned('attributes') }} as proof_state,
        case when {{ json_text('raw', 'headers') }} is not null then coalesce({{ json_text('raw', 'body') }}, raw) else raw end as body
    from records

),

parsed as (

    select
        unfolded.*,
        {{ parse_json('coalesce(' ~ json_text('body', 'alert') ~ ', body)', alert_fields) }} as alert,
        {{ json_text('body', 'repository', 'full_name') }} as beside,
        {{ json_text('body', 'action') }} as done
    from unfolded

),

named as (

    select
        parsed.*,
        nullif(alert.secret_type, '') as detector,
        coalesce(alert.secret_type_display_name, alert.secret_type) as label,
        alert.secret,
        alert.first_location_detected.path,
        alert.first_location_detected.start_line as line,
        alert.first_location_detected.commit_sha as revision,
        coalesce(
            beside, alert.repository.full_name, nullif(regexp_extract(alert.url, '/repos/([^/]+/[^/]+)/secret-scanning/', 1), '')
        ) as repository,
        alert.html_url as link,
        alert.resolved_by.login as author,
        cast(null as varchar) as email,
        alert.url as finding_uid,
        case
            when alert.validity = 'inactive' then 2
            when alert.validity = 'active' or alert.publicly_leaked = 'true' then 5
            else 4
        end as grade,
        case
            when alert.state = 'resolved' and alert.resolution in ('false_positive', 'used_in_tests', 'wont_fix') then 3
            when alert.state = 'resolved' then 4
            else 1
        end as standing
    from parsed

),

matched as (

    select
        named.*,
        kinds.class_uid as kind_class,
        kinds.activity_id as kind_activity
    from named
    -- what GitHub did not sign is told, and is no finding: it could close one
    left join kinds on named.detector is not null and named.alert.state = kinds.kind and named.proof_state is null

),

classified as (

    select
        matched.*,
        coalesce(kind_class, 0) as to_class,
        coalesce(kind_activity, 99) as to_activity
    from matched

),

final as (

    select
        {{ secret_found_columns('github_secret_scanning', 'Secret Scanning', 'GitHub') }},
        coalesce(proof_state, alert.resolution, alert.state) as status_code,
        case when proof_state is null then alert.resolution_comment else {{ unsigned_detail('proof_state') }} end as status_detail,
        {{ json_without('body', ['alert', 'repository', 'sender', 'secret', 'secret_type', 'secret_type_display_name', 'url', 'state']) }}
            as unmapped,
        {{ timestamp_of_text('alert.created_at') }} as finding_info_created_dt
    from classified

)

select * from final
