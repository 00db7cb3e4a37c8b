{{ routes_to(['application_security_posture_finding', 'base_event']) }}

{# https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; run and rule around a result are the attribute `fields`. #}
{% set result_fields = {
    'ruleId': 'string', 'rule': {'id': 'string'}, 'level': 'string', 'kind': 'string', 'baselineState': 'string', 'guid': 'string',
    'message': {'text': 'string', 'markdown': 'string'}, 'fingerprints': 'json', 'partialFingerprints': 'json',
    'suppressions': [{'status': 'string', 'justification': 'string'}], 'hostedViewerUri': 'string',
    'locations': [{
        'physicalLocation': {'artifactLocation': {'uri': 'string'}, 'region': {'startLine': 'string'}},
    }],
    'properties': {'severity': 'string'},
} %}
{% set around_fields = {
    'run': {
        'tool': {'driver': {'name': 'string', 'organization': 'string', 'version': 'string'}},
        'versionControlProvenance': [{'repositoryUri': 'string', 'revisionId': 'string', 'branch': 'string'}],
    },
    'rule': {
        'id': 'string', 'name': 'string', 'shortDescription': {'text': 'string'}, 'fullDescription': {'text': 'string'}, 'helpUri': 'string',
        'defaultConfiguration': {'level': 'string'}, 'properties': {'tags': ['string']},
    },
    'scan': {'place': 'string'},
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'sarif')) }}

),

kinds as (

    select * from {{ ref('sarif') }}

),

parsed as (

    select
        records.*,
        {{ around_finding(around_fields) }} as around,
        {{ parse_json('raw', result_fields) }} as found
    from records

),

opened as (

    select
        parsed.*,
        {{ list_item('around.run.versionControlProvenance', 1) }} as provenance,
        {{ list_item('found.locations', 1) }}.physicalLocation as location,
        coalesce(nullif(found.ruleId, ''), found.rule.id, around.rule.id) as rule_uid,
        coalesce(
            around.rule.shortDescription.text, around.rule.name, around.rule.fullDescription.text, found.ruleId, found.rule.id
        ) as label,
        coalesce(found.message.text, found.message.markdown) as said,
        around.rule.properties.tags as types,
        coalesce(found.hostedViewerUri, around.rule.helpUri) as link,
        try_cast(
            coalesce(
                {{ json_text('raw', 'properties', 'security-severity') }},
                {{ json_text(json_at('attributes', '$.fields'), 'rule', 'properties', 'security-severity') }}
            ) as double
        ) as score,
        -- the rule's level is that of a failure
        coalesce(
            found.level, case when found.kind <> 'fail' then 'none' end, around.rule.defaultConfiguration.level, 'warning'
        ) as level,
        coalesce({{ list_item(json_values('coalesce(found.fingerprints, found.partialFingerprints)'), 1) }}, found.guid) as print
    from parsed

),

placed as (

    select
        opened.*,
        location.artifactLocation.uri as path,
        location.region.startLine as line,
        provenance.revisionId as revision,
        provenance.branch as ref_name,
        coalesce({{ vcs_repository_of('provenance.repositoryUri') }}, provenance.repositoryUri) as repository,
        case
            when {{ list_length(list_where('found.suppressions', "coalesce(item.status, 'accepted') = 'accepted'")) }} > 0 then 'suppressed'
            when found.baselineState = 'absent' then 'absent'
            when found.kind in ('pass', 'notApplicable') then found.kind
            when found.baselineState in ('unchanged', 'updated') then 'unchanged'
            else coalesce(found.kind, 'fail')
        end as verdict
    from opened

),

matched as (

    select
        placed.*,
        kinds.class_uid as kind_class,
        kinds.activity_id as kind_activity
    from placed
    left join kinds on placed.verdict = kinds.kind

),

classified as (

    select
        matched.*,
        case when rule_uid is null and said is null then 0 else coalesce(kind_class, 0) end as to_class,
        case when rule_uid is null and said is null then 99 else coalesce(kind_activity, 99) end as to_activity,
        case verdict when 'suppressed' then 3 when 'absent' then 4 when 'pass' then 4 when 'notApplicable' then 4 else 1 end as standing,
        case
            when score >= 9 then 5
            when score >= 7 then 4
            when score >= 4 then 3
            when score > 0 then 2
            when level = 'error' then 4
            when level = 'warning' then 3
            when level = 'note' then 2
            when level = 'none' then 1
            else 0
        end as grade,
        concat_ws(
            '/', around.scan.place, around.run.tool.driver.name, repository, coalesce(rule_uid, 'unknown'),
            coalesce(print, concat_ws(':', path, line)), case when print is not null then path end
        ) as finding_uid
    from matched

),

final as (

    select
        {{ code_finding_columns(
            'sarif', 'SARIF', 'OASIS', said_by=['around.run.tool.driver.name', 'around.run.tool.driver.organization'],
        ) }},
        case when verdict = 'suppressed' then {{ list_item('found.suppressions', 1) }}.justification end as status_detail,
        {{ json_without('raw', ['ruleId', 'rule', 'level', 'kind', 'message', 'locations', 'fingerprints', 'partialFingerprints']) }}
            as unmapped,
        around.rule.fullDescription.text as finding_info_desc
    from classified

)

select * from final
