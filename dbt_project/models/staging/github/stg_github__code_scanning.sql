{{ routes_to(['application_security_posture_finding', 'base_event']) }}

{# https://docs.github.com/rest/code-scanning/code-scanning #}
{% set alert_fields = {
    'number': 'string', 'url': 'string', 'html_url': 'string', 'state': 'string', 'created_at': 'string',
    'dismissed_by': {'login': 'string'}, 'dismissed_reason': 'string', 'dismissed_comment': 'string',
    'rule': {
        'id': 'string', 'severity': 'string', 'security_severity_level': 'string', 'description': 'string', 'full_description': 'string',
        'tags': ['string'],
    },
    'tool': {'name': 'string'},
    'most_recent_instance': {
        'ref': 'string', 'commit_sha': 'string', 'message': {'text': 'string'}, 'location': {'path': 'string', 'start_line': 'string'},
    },
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'github_code_scanning')) }}

),

kinds as (

    select * from {{ ref('github_code_scanning') }}

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
        {{ json_text('body', 'repository', 'full_name') }} as beside
    from unfolded

),

opened as (

    select
        parsed.*,
        alert.most_recent_instance as instance,
        alert.rule.id as rule_uid,
        coalesce(alert.rule.description, alert.rule.id) as label,
        alert.rule.tags as types,
        alert.html_url as link,
        alert.url as finding_uid,
        coalesce(beside, nullif(regexp_extract(alert.url, '/repos/([^/]+/[^/]+)/code-scanning/', 1), '')) as repository,
        case alert.rule.security_severity_level
            when 'critical' then 5
            when 'high' then 4
            when 'medium' then 3
            when 'low' then 2
            else case alert.rule.severity when 'error' then 4 when 'warning' then 3 when 'note' then 2 when 'none' then 1 else 0 end
        end as grade,
        case alert.state when 'dismissed' then 3 when 'fixed' then 4 when 'closed' then 4 else 1 end as standing
    from parsed

),

placed as (

    select
        opened.*,
        instance.message.text as said,
        instance.location.path,
        instance.location.start_line as line,
        instance.commit_sha as revision,
        regexp_replace(instance.ref, '^refs/heads/', '') as ref_name
    from opened

),

matched as (

    select
        placed.*,
        kinds.class_uid as kind_class,
        kinds.activity_id as kind_activity
    from placed
    -- what GitHub did not sign is told, and is no finding: it could close one
    left join kinds on placed.rule_uid is not null and placed.alert.state = kinds.kind and placed.proof_state is null

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
        {{ code_finding_columns('github_code_scanning', 'Code Scanning', 'GitHub') }},
        alert.dismissed_by.login as actor_user_name,
        coalesce(proof_state, alert.dismissed_reason, alert.state) as status_code,
        case when proof_state is null then alert.dismissed_comment else {{ unsigned_detail('proof_state') }} end as status_detail,
        {{ json_without('body', ['alert', 'repository', 'sender', 'rule', 'url', 'html_url', 'state', 'most_recent_instance']) }}
            as unmapped,
        alert.rule.full_description as finding_info_desc,
        {{ timestamp_of_text('alert.created_at') }} as finding_info_created_dt,
        'github' as vcs_provider
    from classified

)

select * from final
