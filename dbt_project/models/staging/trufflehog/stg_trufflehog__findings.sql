{{ routes_to(['data_security_finding', 'base_event']) }}

{# Version 3: SourceMetadata holds one member, which is named after the kind of source. https://github.com/trufflesecurity/trufflehog #}
{% set place_fields = {
    'commit': 'string', 'file': 'string', 'email': 'string', 'repository': 'string', 'line': 'string', 'link': 'string', 'bucket': 'string',
    'key': 'string', 'image': 'string', 'username': 'string',
} %}
{% set finding_fields = {
    'SourceMetadata': {'Data': 'json'}, 'SourceName': 'string', 'DetectorName': 'string', 'Verified': 'string', 'Raw': 'string',
} %}
{% set old_fields = {
    'rule': {'id': 'string', 'message': 'string', 'severity': 'string'}, 'path': 'string', 'line': 'string', 'secret': 'string',
    'author': 'string', 'commit': 'string', 'commitHash': 'string', 'reason': 'string', 'stringsFound': ['string'],
} %}

with

records as (

    select * from {{ new_rows(source('bronze', 'trufflehog')) }}

),

kinds as (

    select * from {{ ref('trufflehog') }}

),

parsed as (

    select
        records.*,
        {{ parse_json('raw', finding_fields) }} as finding,
        {{ parse_json('raw', old_fields) }} as old
    from records

),

placed as (

    select
        parsed.*,
        {{ parse_json(list_item(json_members('finding.SourceMetadata.Data'), 1) ~ '.value', place_fields) }} as place
    from parsed

),

named as (

    select
        placed.*,
        coalesce(nullif(finding.DetectorName, ''), nullif(old.rule.id, ''), nullif(old.reason, '')) as detector,
        coalesce(old.rule.message, old.reason, nullif(finding.DetectorName, '') || ' secret') as label,
        coalesce(finding.Raw, old.secret, {{ list_item('old.stringsFound', 1) }}) as secret,
        coalesce(nullif(place.file, ''), nullif(concat_ws('/', place.bucket, place.key), ''), nullif(place.image, ''), old.path) as path,
        coalesce(place.line, old.line) as line,
        coalesce(nullif(place.commit, ''), old.commitHash, case when old.commitHash is null then old.commit end) as revision,
        coalesce({{ vcs_repository_of('place.repository') }}, nullif(place.repository, '')) as repository,
        place.link,
        nullif(regexp_replace(coalesce(place.email, old.author), ' *<[^>]*>$', ''), '') as author,
        nullif(regexp_extract(coalesce(place.email, old.author), '([^<> ]+@[^<> ]+)', 1), '') as email,
        -- a secret that its service has let in
        case
            when finding.Verified = 'true' then 5 when finding.Verified = 'false' then 3 else {{ severity_of_word('old.rule.severity') }}
        end
            as grade,
        1 as standing
    from placed

),

matched as (

    select
        named.*,
        kinds.class_uid as kind_class,
        kinds.activity_id as kind_activity
    from named
    left join kinds
        on
            -- a message, a page or a ticket has a link and no path
            named.detector is not null and coalesce(named.path, nullif(named.link, '')) is not null
            and case when named.revision is null then 'file' else 'commit' end = kinds.kind

),

classified as (

    select
        matched.*,
        coalesce(kind_class, 0) as to_class,
        coalesce(kind_activity, 99) as to_activity,
        concat_ws(':', revision, coalesce(path, nullif(link, '')), detector, line, secret) as finding_uid
    from matched

),

final as (

    select
        {{ secret_found_columns('trufflehog', 'TruffleHog', 'Truffle Security') }},
        {{ json_without('raw', ['DetectorName', 'Raw', 'RawV2', 'secret', 'path', 'line', 'commitHash', 'stringsFound', 'rule']) }}
            as unmapped
    from classified

)

select * from final
