{{ routes_to(['http_activity', 'base_event']) }}

{# https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html #}
{% set others = [
    'terminatingRuleType', 'terminatingRuleMatchDetails', 'rateBasedRuleList', 'nonTerminatingMatchingRules', 'labels',
    'httpSourceName', 'oversizeFields', 'requestHeadersInserted', 'captchaResponse', 'challengeResponse', 'ja3Fingerprint',
    'ja4Fingerprint', 'requestBodySize', 'requestBodySizeInspectedByWAF', 'cfDistributionTenantId',
] %}
{% set record_fields = {
    'webaclId': 'string', 'terminatingRuleId': 'string', 'action': 'string', 'httpSourceId': 'string', 'responseCodeSent': 'string',
    'clientAsn': 'string', 'ruleGroupList': [{'terminatingRule': {'ruleId': 'string'}}],
    'httpRequest': {
        'clientIp': 'string', 'country': 'string', 'headers': [{'name': 'string', 'value': 'string'}], 'uri': 'string', 'args': 'string',
        'httpVersion': 'string', 'httpMethod': 'string', 'requestId': 'string', 'scheme': 'string', 'host': 'string', 'clientAsn': 'string',
    },
} %}
{% set request_mapped = [
    'clientIp', 'country', 'uri', 'args', 'httpVersion', 'httpMethod', 'requestId', 'scheme', 'clientAsn',
] %}
{% set rest = {
    'httpRequest': json_without(json_text('raw', 'httpRequest'), request_mapped),
    'ruleGroupList': "case when event.ruleGroupList is not null then nullif(" ~ json_text('raw', 'ruleGroupList') ~ ", '[]') end",
} %}
{% for name in others %}
    {% do record_fields.update({name: 'json'}) %}
    {% do rest.update({name: "nullif(nullif(event." ~ name ~ ", '[]'), 'null')"}) %}
{% endfor %}

with

records as (

    select * from {{ new_rows(source('bronze', 'aws_waf')) }}

),

kinds as (

    select * from {{ ref('aws_waf') }}

),

parsed as (

    select
        records.*,
        {{ parse_json('raw', record_fields) }} as event
    from records

),

opened as (

    select
        parsed.*,
        event.httpRequest as request,
        upper(nullif(event.action, '')) as verdict,
        nullif(event.httpRequest.httpMethod, '') as method,
        nullif(nullif(event.webaclId, ''), '-') as acl,
        nullif(nullif(event.httpSourceId, ''), '-') as protected,
        nullif(event.httpRequest.uri, '') as path,
        nullif(event.httpRequest.args, '') as query,
        lower(nullif(event.httpRequest.scheme, '')) as scheme,
        -- HTTP/2 names the authority beside the headers
        coalesce(
            nullif({{ list_item(list_where('event.httpRequest.headers', "lower(item.name) = 'host'"), 1) }}.value, ''),
            nullif(event.httpRequest.host, '')
        ) as authority,
        nullif({{ list_item(list_where('event.httpRequest.headers', "lower(item.name) = 'user-agent'"), 1) }}.value, '') as user_agent,
        -- what WAF itself answered: a custom response, or that of a puzzle
        coalesce(
            nullif(event.responseCodeSent, ''),
            case upper(event.action)
                when 'CAPTCHA' then {{ json_text('event.captchaResponse', 'responseCode') }}
                when 'CHALLENGE' then {{ json_text('event.challengeResponse', 'responseCode') }}
            end
        ) as response_code,
        -- of a group of rules, the one in it that decided; a group that only counts decides nothing
        case
            when event.terminatingRuleType in ('"GROUP"', '"MANAGED_RULE_GROUP"')
                then {{ list_item(list_where('event.ruleGroupList', 'item.terminatingRule.ruleId is not null'), 1) }}.terminatingRule.ruleId
        end as rule_in_group
    from parsed

),

kinded as (

    select
        opened.*,
        try_cast(response_code as integer) as http_status,
        -- with neither of the two it lacks what its class requires
        case when coalesce(method, response_code) is not null then 'http' end as kind
    from opened

),

classified as (

    select
        kinded.*,
        coalesce(methods.class_uid, requests.class_uid, 0) as to_class,
        coalesce(methods.activity_id, requests.activity_id, 99) as to_activity,
        case when kinded.verdict = 'ALLOW' then 1 when kinded.verdict in ('BLOCK', 'CAPTCHA', 'CHALLENGE') then 2 else 0 end as result
    from kinded
    left join kinds as requests on kinded.kind = requests.kind
    left join kinds as methods on kinded.method = methods.kind

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            'aws_waf', 'AWS WAF', 'AWS', uid='cast(null as varchar)', code='verdict',
            profiles=['cloud', 'datetime', 'security_control'],
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'method') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(result as integer) as status_id,
        case result when 1 then 'Success' when 2 then 'Failure' else 'Unknown' end as status,
        response_code as status_code,
        rule_in_group as status_detail,
        -- a puzzle that nobody has solved yet keeps the request out
        cast(case when verdict = 'COUNT' then 3 else nullif(result, 0) end as integer) as action_id,
        cast(
            case verdict when 'ALLOW' then 1 when 'BLOCK' then 2 when 'COUNT' then 20 when 'CAPTCHA' then 22 when 'CHALLENGE' then 23 end
            as integer
        ) as disposition_id,
        -- network: the client, and what the web ACL protects
        case when {{ is_ip('request.clientIp') }} then request.clientIp end as src_endpoint_ip,
        nullif(nullif(request.country, ''), '-') as src_endpoint_country,
        try_cast(coalesce(request.clientAsn, event.clientAsn) as bigint) as src_endpoint_asn,
        regexp_replace(protected, '^[0-9]{12}-', '') as dst_endpoint_svc_name,
        -- api and cloud
        nullif(request.requestId, '') as api_request_uid,
        'AWS' as cloud_provider,
        nullif(regexp_extract(acl, '^arn:[^:]*:[^:]*:[^:]*:([^:]+):', 1), '') as cloud_account_uid,
        nullif(regexp_extract(acl, '^arn:[^:]*:[^:]*:([^:]+):', 1), '') as cloud_region,
        user_agent as http_user_agent,
        acl as resource_uid,
        nullif(regexp_extract(acl, '/webacl/([^/]+)', 1), '') as resource_name,
        case when acl is not null then 'AWS::WAFv2::WebACL' end as resource_type,
        {{ json_of(rest) }} as unmapped,
        -- class extras: the request
        method as http_method,
        coalesce(scheme || '://' || authority, '') || path || coalesce('?' || query, '') as url_string,
        scheme as url_scheme,
        nullif(regexp_replace(authority, ':[0-9]*$', ''), '') as url_hostname,
        try_cast(nullif(regexp_extract(authority, ':([0-9]+)$', 1), '') as integer) as url_port,
        path as url_path,
        query as url_query,
        nullif(regexp_replace(request.httpVersion, '^HTTP/', ''), '') as http_version,
        http_status,
        nullif(event.terminatingRuleId, '') as firewall_rule_uid
    from classified

)

select * from final
