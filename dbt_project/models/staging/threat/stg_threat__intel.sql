{{ routes_to(['osint_inventory_info', 'base_event']) }}

{#
    An entry of a feed. A CSV row is the attribute `row`, its names in lower case; those of CISA's catalogue differ by case
    alone, so each spelling is parsed for itself.
    https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities_schema.json
    https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html#_muftrcpnf89v
#}
{% set entry_fields = {
    'type': 'string', 'id': 'string', 'indicator': 'string', 'value': 'string', 'ioc': 'string', 'ioc_value': 'string',
    'ip': 'string', 'domain': 'string', 'url': 'string', 'sha256': 'string', 'sha1': 'string', 'md5': 'string', 'email': 'string',
    'ioc_type': 'string', 'indicator_type': 'string', 'ioc_id': 'string', 'source': 'string', 'provider': 'string', 'feed': 'string',
    'description': 'string', 'comment': 'string', 'confidence': 'string', 'confidence_level': 'string', 'tags': 'string',
    'labels': 'string', 'threat_type': 'string', 'category': 'string', 'indicator_types': ['string'], 'reference': 'string',
    'link': 'string', 'expires': 'string', 'expiration': 'string', 'valid_until': 'string', 'valid_from': 'string',
    'first_seen': 'string', 'first_seen_utc': 'string', 'created': 'string', 'created_at': 'string', 'modified': 'string',
    'updated_at': 'string', 'updated': 'string', 'last_updated': 'string', 'last_seen': 'string', 'last_seen_utc': 'string',
    'date_added': 'string', 'dateadded': 'string', 'tlp': 'string', 'pattern': 'string', 'pattern_type': 'string',
    'revoked': 'string', 'name': 'string', 'created_by_ref': 'string', 'object_marking_refs': ['string'],
    'external_references': [{'url': 'string'}],
} %}
{% set catalogued = [
    'cveID', 'vendorProject', 'vulnerabilityName', 'dateAdded', 'shortDescription', 'requiredAction', 'notes',
] %}
{% set json_names, csv_names, catalogue_columns, colours = {}, {}, [], [] %}
{% for name in catalogued %}
    {% do catalogue_columns.append('coalesce(kev.' ~ name ~ ', kev_row.' ~ name | lower ~ ') as told_' ~ name) %}
    {% do json_names.update({name: 'string'}) %}
    {% do csv_names.update({name | lower: 'string'}) %}
{% endfor %}
{% set around_fields = {'scan': {'place': 'string'}} %}
{# https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html#_yd3ar14ekwrs and https://github.com/oasis-open/cti-stix-common-objects #}
{% set markings = {
    '613f2e26-407d-48c7-9eca-b8e91df99dc9': 'WHITE', '34098fce-860f-48ae-8e50-ebd3cc5e41da': 'GREEN',
    'f88d31f6-486f-44da-b317-01333bde0b82': 'AMBER', '5e57c739-391a-4eb3-b6be-7d15ca92d5ed': 'RED',
    '94868c89-83c2-464b-929b-a1a8aa3c8487': 'CLEAR', 'bab4a63c-aed9-4cf5-a766-dfca5abac2bb': 'GREEN',
    '55d920b0-5e8b-4f79-9ee9-91f868d9b421': 'AMBER', '939a9414-2ddd-4d32-a0cd-375ea402b003': 'AMBER STRICT',
    'e828b379-4e03-4974-9ac4-e53a884c97c1': 'RED',
} %}
{% for uid, colour in markings.items() %}
    {% set place = list_position('entry.object_marking_refs', "'marking-definition--" ~ uid ~ "'") %}
    {% do colours.append('when ' ~ place ~ " > 0 then '" ~ colour ~ "'") %}
{% endfor %}
{% set kept = [
    'indicator', 'value', 'ioc', 'ioc_value', 'ip', 'domain', 'url', 'sha256', 'sha1', 'md5', 'email', 'id', 'ioc_id', 'description',
    'comment', 'tags', 'labels', 'pattern', 'created', 'modified', 'valid_from', 'valid_until', 'expires', 'expiration',
] %}
{% set told = kept + catalogued + (csv_names.keys() | list) %}
{# One comparison for equality: its object's path, and the text, which has no quote but behind a backslash. #}
{% set comparison = "'^ *[[] *([a-z0-9-]+:[^=!<>]*[^=!<> ]) *= *''(.*)'' *[]] *$'" %}

with

records as (

    select * from {{ new_rows(source('bronze', 'threat_intel')) }}

),

kinds as (

    select * from {{ ref('threat_intel') }}

),

rows_as_json as (

    select
        records.*,
        {{ around_finding(around_fields) }} as around,
        coalesce({{ json_at('attributes', '$.row') }}, raw) as entry_text
    from records

),

parsed as (

    select
        rows_as_json.*,
        {{ parse_json('entry_text', entry_fields) }} as entry,
        {{ parse_json('entry_text', json_names) }} as kev,
        {{ parse_json('entry_text', csv_names) }} as kev_row
    from rows_as_json

),

told as (

    select
        parsed.*,
        {{ catalogue_columns | join(', ') }},
        coalesce(regexp_extract(entry.id, '^[a-z0-9-]+--[0-9a-f-]+$', 0), '') <> '' as is_stix,
        nullif(regexp_extract(entry.pattern, {{ comparison }}, 1), '') as pattern_path,
        nullif(regexp_extract(entry.pattern, {{ comparison }}, 2), '') as pattern_value,
        translate(
            lower(coalesce(entry.ioc_type, entry.indicator_type, case when entry.pattern is null then entry.type end)), '-_:. /', ''
        ) as word,
        nullif(trim(coalesce(entry.valid_until, entry.expires, entry.expiration)), '') as told_until,
        trim(coalesce(
            nullif(entry.indicator, ''), nullif(entry.ioc, ''), nullif(entry.ioc_value, ''), nullif(entry.value, ''),
            nullif(entry.ip, ''), nullif(entry.domain, ''), nullif(entry.url, ''), nullif(entry.sha256, ''), nullif(entry.sha1, ''),
            nullif(entry.md5, ''), nullif(entry.email, '')
        )) as listed
    from parsed

),

sorted as (

    select
        told.*,
        case
            when upper(told_cveID) like 'CVE-%' then 'kev'
            when not is_stix and listed is not null then 'indicator'
            when not is_stix then null
            when entry.type <> 'indicator' then 'stix_' || entry.type
            when coalesce(entry.pattern_type, 'stix') = 'stix' and replace(pattern_value, chr(92) || '''', '') not like '%''%'
                then 'stix_indicator'
            else 'stix_pattern'
        end as kind
    from told

),

valued as (

    select
        sorted.*,
        case kind
            when 'kev' then upper(told_cveID)
            when 'stix_indicator' then replace(replace(pattern_value, chr(92) || '''', ''''), chr(92) || chr(92), chr(92))
            when 'indicator' then case when word in ('ipport', 'ipv4port') then regexp_replace(listed, ':[0-9]+$', '') else listed end
        end as indicator,
        case
            when pattern_path in ('ipv4-addr:value', 'ipv6-addr:value') then 1
            when pattern_path = 'domain-name:value' then 2
            when pattern_path like 'file:hashes.%' then 4
            when pattern_path = 'url:value' then 5
            when pattern_path like '%User-Agent%' then 6
            when pattern_path like 'x509-certificate:%' then 7
            when pattern_path like 'email-message:%' then 8
            when pattern_path = 'email-addr:value' then 9
            when pattern_path = 'vulnerability:name' then 10
            when pattern_path like 'file:%' then 11
            when pattern_path = 'windows-registry-key:key' then 12
            when pattern_path like 'windows-registry-key:values%' then 13
            when pattern_path = 'process:command_line' then 14
            else 99
        end as path_type
    from sorted

),

typed as (

    select
        valued.*,
        case
            when kind = 'kev' then 10
            when kind = 'stix_indicator' then path_type
            when kind <> 'indicator' then 0
            when
                word in ('ip', 'ipv4', 'ipv6', 'ipaddr', 'ipaddress', 'ipv4addr', 'ipv6addr', 'ipdst', 'ipsrc', 'cidr')
                or word in ('ipport', 'ipv4port')
                then 1
            when word in ('domain', 'domainname', 'fqdn') then 2
            when word in ('hostname', 'host') then 3
            when
                word in ('hash', 'md5', 'sha1', 'sha256', 'sha512', 'md5hash', 'sha1hash', 'sha256hash', 'sha512hash')
                or word like 'filehash%'
                then 4
            when word in ('url', 'uri') then 5
            when word = 'useragent' then 6
            when word in ('certificate', 'x509', 'sslcertfingerprint', 'x509fingerprintsha1', 'x509fingerprintsha256') then 7
            when word in ('email', 'emailaddr', 'emailaddress', 'emailsrc', 'emaildst') then 9
            when word in ('cve', 'vulnerability') then 10
            when word in ('file', 'filename', 'filepath') then 11
            when word in ('regkey', 'registrykey') then 12
            when word = 'commandline' then 14
            when word <> '' then 99
            -- no word: what it looks like
            when {{ is_ip("split_part(indicator, '/', 1)") }} then 1
            when regexp_extract(indicator, '^([0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[0-9a-fA-F]{128})$', 0) <> '' then 4
            when regexp_extract(indicator, '^[a-z][a-z0-9+.-]*://', 0) <> '' then 5
            when upper(indicator) like 'CVE-%' then 10
            when regexp_extract(indicator, '^[^@ ]+@[^@ ]+$', 0) <> '' then 9
            when regexp_extract(indicator, '^([A-Za-z0-9_-]+[.])+[A-Za-z]{2,}$', 0) <> '' then 2
            else 0
        end as type_id,
        coalesce(entry.confidence, entry.confidence_level) as sure,
        -- a time as feeds write it: a count is of seconds below 10^11, else of milliseconds
        case
            when regexp_extract(told_until, '^[0-9]{9,11}$', 0) <> '' then {{ timestamp_of_ms('cast(told_until as bigint) * 1000') }}
            when regexp_extract(told_until, '^[0-9]{12,15}$', 0) <> '' then {{ timestamp_of_ms('cast(told_until as bigint)') }}
            else {{ timestamp_of_text('told_until') }}
        end as until_dt,
        coalesce(entry.labels, entry.tags) as words,
        case
            when kind = 'kev' then 'CISA'
            when is_stix then entry.created_by_ref
            else coalesce(
                nullif(entry.source, ''), nullif(entry.provider, ''), nullif(entry.feed, ''),
                nullif(regexp_extract(around.scan.place, '[^/]+$'), '')
            )
        end as feed,
        case
            {{ colours | join(' ') }}
            else upper(trim(replace(replace(upper(entry.tlp), 'TLP:', ''), '+', ' ')))
        end as tlp
    from valued

),

weighed as (

    select
        typed.*,
        case
            when lower(sure) = 'low' then 1
            when lower(sure) in ('medium', 'med', 'moderate') then 2
            when lower(sure) = 'high' then 3
            -- https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html#_1v6elyto0uqg
            when try_cast(sure as double) = 0 then 0
            when try_cast(sure as double) between 0 and 29.9 then 1
            when try_cast(sure as double) between 29.9 and 69.9 then 2
            when try_cast(sure as double) between 69.9 and 100 then 3
            when sure <> '' then 99
        end as sure_id
    from typed

),

classified as (

    select
        weighed.*,
        coalesce(kinds.class_uid, 0) as to_class,
        coalesce(kinds.activity_id, 99) as to_activity
    from weighed
    left join kinds on weighed.kind = kinds.kind

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            'threat_intel', 'Threat intelligence', 'Threat intelligence', uid='cast(null as varchar)', code='kind', profiles=['datetime'],
            said=["case when kind = 'kev' then 'Known Exploited Vulnerabilities Catalog' end", 'feed'],
        ) }},
        {{ timestamp_of_text('entry.valid_from') }} as start_time_dt,
        until_dt as end_time_dt,
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'kind') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(case when to_class = 5021 then 1 else 0 end as integer) as status_id,
        case when to_class = 5021 then 'Success' else 'Unknown' end as status,
        case when lower(entry.revoked) = 'true' then 'revoked' end as status_code,
        case when kind = 'kev' then told_vulnerabilityName else entry.name end as message,
        case
            when to_class = 5021 then {{ json_without('entry_text', told) }}
            else {{ json_without('entry_text', []) }}
        end as unmapped,
        -- class extras
        case when kind = 'kev' then upper(told_cveID) else coalesce(entry.id, entry.ioc_id) end as osint_uid,
        cast(type_id as integer) as osint_type_id,
        case type_id
            when 0 then 'Unknown' when 1 then 'IP Address' when 2 then 'Domain' when 3 then 'Hostname' when 4 then 'Hash' when 5 then 'URL'
            when 6 then 'User Agent' when 7 then 'Digital Certificate' when 8 then 'Email' when 9 then 'Email Address'
            when 10 then 'Vulnerability' when 11 then 'File' when 12 then 'Registry Key' when 13 then 'Registry Value'
            when 14 then 'Command Line'
            else coalesce(pattern_path, entry.ioc_type, entry.indicator_type, entry.type)
        end as osint_type,
        indicator as osint_value,
        coalesce(told_shortDescription, entry.description) as osint_desc,
        entry.comment as osint_comment,
        coalesce({{ joined_texts('entry.indicator_types') }}, entry.threat_type, entry.category) as osint_category,
        cast(sure_id as integer) as osint_confidence_id,
        case sure_id when 0 then 'Unknown' when 1 then 'Low' when 2 then 'Medium' when 3 then 'High' else sure end as osint_confidence,
        {{ timestamp_of_text('coalesce(entry.created, entry.created_at, entry.first_seen, entry.first_seen_utc)') }} as osint_created_dt,
        {{ timestamp_of_text('coalesce(
            entry.modified, entry.updated_at, entry.updated, entry.last_updated, entry.last_seen, entry.last_seen_utc
        )') }} as osint_modified_dt,
        {{ timestamp_of_text('coalesce(told_dateAdded, entry.date_added, entry.dateadded)') }} as osint_uploaded_dt,
        until_dt as osint_expiration_dt,
        {{ list_where(list_map(
            "case when left(words, 1) = '[' then " ~ parse_json('words', ['string']) ~ " else split(nullif(words, 'None'), ',') end",
            'trim(item)',
        ), "item <> ''") }} as osint_labels,
        case when tlp in ('AMBER', 'AMBER STRICT', 'CLEAR', 'GREEN', 'RED', 'WHITE') then tlp end as osint_tlp,
        coalesce(
            {{ list_item('entry.external_references', 1) }}.url, entry.reference, entry.link,
            nullif(regexp_extract(told_notes, 'https?://[^ ;]+'), '')
        ) as osint_src_url,
        feed as osint_vendor_name,
        case when kind = 'stix_indicator' then entry.pattern end as osint_detection_pattern,
        cast(case when kind = 'stix_indicator' then 1 end as integer) as osint_detection_pattern_type_id,
        case when kind = 'kev' then upper(told_cveID) end as osint_vulnerability_cve_uid,
        case when kind = 'kev' then told_vulnerabilityName end as osint_vulnerability_title,
        case when kind = 'kev' then told_vendorProject end as osint_vulnerability_vendor_name,
        case when kind = 'kev' then told_requiredAction end as osint_vulnerability_remediation_desc
    from classified

)

select * from final
