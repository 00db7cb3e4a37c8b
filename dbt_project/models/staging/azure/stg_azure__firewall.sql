{{ routes_to(['network_activity', 'http_activity', 'dns_activity', 'base_event']) }}

{#
    Two kinds of logs tell the same: a sentence in `msg`, or a field for each fact.
    https://learn.microsoft.com/azure/firewall/monitor-firewall-reference
    https://learn.microsoft.com/azure/azure-monitor/reference/tables/azfwnetworkrule, and its neighbours
#}
{% set event_fields = {
    'category': 'string', 'operationName': 'string', 'resourceId': 'string', 'location': 'string', 'properties': 'json',
} %}
{% set fact_fields = {
    'msg': 'string', 'Protocol': 'string', 'SourceIp': 'string', 'SourcePort': 'string', 'DestinationIp': 'string',
    'DestinationPort': 'string', 'Fqdn': 'string', 'TargetUrl': 'string', 'Action': 'string', 'ActionReason': 'string',
    'Policy': 'string', 'RuleCollectionGroup': 'string', 'RuleCollection': 'string', 'Rule': 'string', 'TranslatedIp': 'string',
    'ThreatDescription': 'string', 'SignatureId': 'string', 'Description': 'string', 'Severity': 'string', 'QueryName': 'string',
    'QueryType': 'string', 'QueryClass': 'string', 'ResponseCode': 'string', 'ErrorMessage': 'string',
} %}
{#
    The sentences, from their beginning:
    TCP request from a:1 to b:2[ was DNAT'ed to c:3][. Url: u]. Action: Allow. Policy: p. Rule Collection Group: g. ...
    DNS Request: a:1 - id type class name protocol size dnssec buffer rcode flags size seconds
#}
{% set flow -%}
    '^([A-Za-z]+)(?: Type=[0-9]+)? +request from ([^ ]+)(?: to ([^ ]+))?(?: was DNAT.ed to ([^ ]+))?(?: Url: ([^ ]+))?'
{%- endset %}
{% set dns = "'^DNS Request: ([^ ]+) - [0-9]+ ([A-Z0-9]+) ([A-Z0-9]+) ([^ ]+) ([a-z]+) [0-9]+ [a-z]+ [0-9]+ ([A-Z0-9]+) '" %}
{% set dns_error = "'^ ?Error: [0-9]+ ([^ ]+) ([A-Z0-9]+): (.+)$'" %}

with

records as (

    select * from {{ new_rows(source('bronze', 'azure_firewall')) }}

),

kinds as (

    select * from {{ ref('azure_firewall') }}

),

parsed as (

    select
        records.*,
        {{ parse_json('raw', event_fields) }} as event
    from records

),

opened as (

    select
        parsed.*,
        {{ parse_json('event.properties', fact_fields) }} as fact,
        lower(nullif(event.resourceId, '')) as firewall
    from parsed

),

told as (

    select
        opened.*,
        upper(coalesce(
            nullif(fact.Protocol, ''),
            nullif(regexp_extract(fact.msg, {{ flow }}, 1), ''),
            nullif(regexp_extract(fact.msg, {{ dns }}, 5), '')
        )) as protocol,
        -- the dot that ends a sentence is no part of an address, nor a colon without a port
        coalesce(
            nullif(fact.SourceIp, ''),
            nullif(regexp_replace(regexp_extract(fact.msg, {{ flow }}, 2), ':?[.]?$', ''), ''),
            nullif(regexp_extract(fact.msg, {{ dns }}, 1), '')
        ) as source_address,
        coalesce(
            nullif(fact.DestinationIp, ''), nullif(fact.Fqdn, ''),
            nullif(regexp_replace(regexp_extract(fact.msg, {{ flow }}, 3), ':?[.]?$', ''), '')
        ) as target_address,
        coalesce(
            nullif(fact.TranslatedIp, ''), nullif(regexp_replace(regexp_extract(fact.msg, {{ flow }}, 4), ':?[.]?$', ''), '')
        ) as translated,
        coalesce(
            nullif(fact.TargetUrl, ''), nullif(regexp_replace(regexp_extract(fact.msg, {{ flow }}, 5), '[.]$', ''), '')
        ) as target_url,
        -- a sentence that names two actions has one of them from the client
        lower(coalesce(
            nullif(fact.Action, ''),
            case
                when regexp_extract(fact.msg, '^.*? Action: ([A-Za-z]+)', 1) = regexp_extract(fact.msg, '^.* Action: ([A-Za-z]+)', 1)
                    then nullif(regexp_extract(fact.msg, ' Action: ([A-Za-z]+)', 1), '')
            end
        )) as said,
        coalesce(
            nullif(fact.Policy, ''), nullif(regexp_extract(fact.msg, '[.] Policy: (.+?)[.] Rule Collection Group: ', 1), '')
        ) as policy,
        coalesce(
            nullif(fact.RuleCollectionGroup, ''),
            nullif(regexp_extract(fact.msg, '[.] Rule Collection Group: (.+?)[.] Rule Collection: ', 1), '')
        ) as collection_group,
        coalesce(
            nullif(fact.RuleCollection, ''), nullif(regexp_extract(fact.msg, '[.] Rule Collection: (.+?)[.] Rule: ', 1), '')
        ) as collection,
        coalesce(
            nullif(fact.Rule, ''), nullif(fact.SignatureId, ''),
            nullif(regexp_extract(fact.msg, '[.] (Rule|Signature): (.+?)([.] (Web Category|IDS): .*)?$', 2), '')
        ) as rule,
        coalesce(
            nullif(fact.ThreatDescription, ''),
            nullif(fact.Description, ''),
            nullif(fact.ErrorMessage, ''),
            nullif(fact.ActionReason, ''),
            nullif(regexp_extract(fact.msg, '[.] (ThreatIntel|IDS|Reason): (.+)$', 2), ''),
            nullif(regexp_extract(fact.msg, {{ dns_error }}, 3), ''),
            nullif(regexp_extract(fact.msg, ' Action: [A-Za-z]+[.] (No rule matched|Failed to resolve address .*)', 1), '')
        ) as reason,
        coalesce(
            nullif(fact.QueryName, ''),
            nullif(regexp_extract(fact.msg, {{ dns }}, 4), ''),
            nullif(regexp_extract(fact.msg, {{ dns_error }}, 1), '')
        ) as query_name,
        coalesce(
            nullif(fact.QueryType, ''),
            nullif(regexp_extract(fact.msg, {{ dns }}, 2), ''),
            nullif(regexp_extract(fact.msg, {{ dns_error }}, 2), '')
        ) as query_type,
        coalesce(nullif(fact.QueryClass, ''), nullif(regexp_extract(fact.msg, {{ dns }}, 3), '')) as query_class,
        coalesce(nullif(fact.ResponseCode, ''), nullif(regexp_extract(fact.msg, {{ dns }}, 6), '')) as rcode
    from opened

),

read as (

    select
        told.*,
        {{ address_host('source_address') }} as source_host,
        coalesce(try_cast(fact.SourcePort as integer), {{ address_port('source_address') }}) as source_port,
        {{ address_host('target_address') }} as target_host,
        coalesce(try_cast(fact.DestinationPort as integer), {{ address_port('target_address') }}) as target_port,
        case
            when said in ('allow', 'allowed') then 'allow'
            when said in ('deny', 'denied', 'drop', 'block', 'reset') then 'deny'
            when said like 'alert%' then 'alert'
            when said is null and translated is not null then 'allow'
        end as verdict,
        -- the scheme is not in the URL
        case
            when target_url like '%://%' then target_url
            when protocol in ('HTTP', 'HTTPS') then lower(protocol) || '://' || target_url
        end as url,
        {{ dns_hostname('query_name') }} as hostname,
        coalesce(policy || '/', '') || coalesce(collection_group || '/', '') || coalesce(collection || '/', '') || rule as rule_path,
        regexp_extract(protocol, '^[A-Z]+', 0) as transport
    from told

),

kinded as (

    select
        read.*,
        {{ is_ip('source_host') }} as is_source_ip,
        {{ is_ip('target_host') }} as is_target_ip,
        case
            when hostname is not null and rcode is not null then 'response'
            when hostname is not null then 'query'
            when url is not null then 'http'
            when source_host is not null then 'flow' || coalesce(' ' || verdict, '')
        end as kind
    from read

),

classified as (

    select
        kinded.*,
        coalesce(kinds.class_uid, 0) as to_class,
        coalesce(kinds.activity_id, 99) as to_activity,
        case
            when kinded.kind in ('query', 'response') then case when upper(kinded.rcode) = 'NOERROR' then 1 else 2 end
            when kinded.verdict = 'allow' then 1
            when kinded.verdict = 'deny' then 2
            else 0
        end as result,
        -- a signature's, from 1 for the worst
        case coalesce(fact.Severity, regexp_extract(fact.msg, '[.] IDS: .*[.] Priority: ([0-9])[.]', 1))
            when '1' then 4 when '2' then 3 when '3' then 2 else 1
        end as grade,
        case
            when kinded.transport in ('TCP', 'HTTP', 'HTTPS', 'MSSQL') then 6
            when kinded.transport = 'UDP' then 17
            when kinded.transport = 'ICMP' then 1
        end as protocol_num
    from kinded
    left join kinds on kinded.kind = kinds.kind

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            'azure_firewall', 'Azure Firewall', 'Microsoft', uid='cast(null as varchar)',
            code='coalesce(event.category, event.operationName)', profiles=['cloud', 'datetime', 'security_control'],
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'coalesce(event.category, event.operationName)') }},
        cast(grade as integer) as severity_id,
        {{ severity_name('grade') }} as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        coalesce(rcode, said) as status_code,
        -- a table of connections has no column for the rule
        coalesce(reason, case when to_class = 4001 then rule_path end) as status_detail,
        cast(case verdict when 'allow' then 1 when 'deny' then 2 when 'alert' then 3 end as integer) as action_id,
        cast(case verdict when 'allow' then 1 when 'deny' then 2 when 'alert' then 19 end as integer) as disposition_id,
        -- network
        case when is_source_ip then source_host end as src_endpoint_ip,
        source_port as src_endpoint_port,
        case when not is_source_ip then source_host end as src_endpoint_hostname,
        case when is_target_ip then target_host end as dst_endpoint_ip,
        target_port as dst_endpoint_port,
        case when not is_target_ip then lower(target_host) end as dst_endpoint_hostname,
        -- of a name's lookup the firewall is the server
        case when to_class = 4003 then coalesce({{ azure_resource_name('firewall') }}, 'Azure Firewall') end as dst_endpoint_svc_name,
        -- api and cloud
        'Azure' as cloud_provider,
        {{ azure_subscription('firewall') }} as cloud_account_uid,
        lower(replace(nullif(event.location, ''), ' ', '')) as cloud_region,
        firewall as resource_uid,
        {{ azure_resource_name('firewall') }} as resource_name,
        {{ azure_resource_type('firewall') }} as resource_type,
        {{ json_of({'properties': json_without('event.properties', [
            'Protocol', 'SourceIp', 'SourcePort', 'DestinationIp', 'DestinationPort', 'Action', 'QueryName', 'QueryType', 'QueryClass',
            'ResponseCode',
        ])}) }} as unmapped,
        -- class extras: the connection
        cast(case when to_class = 4001 then case when translated is not null then 1 else 0 end end as integer) as direction_id,
        case when to_class = 4001 then case when translated is not null then 'Inbound' else 'Unknown' end end as direction,
        cast(protocol_num as integer) as protocol_num,
        case protocol_num when 1 then 'icmp' when 6 then 'tcp' when 17 then 'udp' end as protocol_name,
        -- class extras: the request
        {{ url_columns("case when to_class = 4002 then url end") }},
        rule_path as firewall_rule_uid,
        -- class extras: the query
        hostname as query_hostname,
        query_type,
        query_class,
        {{ dns_rcode_id('rcode') }} as rcode_id,
        {{ dns_rcode_name('rcode') }} as rcode
    from classified

)

select * from final
