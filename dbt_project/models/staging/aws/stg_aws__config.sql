{{ routes_to(['cloud_resources_inventory_info', 'compliance_finding', 'base_event']) }}

{#
    A configuration item as files hold it, or the announcement of one. The API writes arn, accountId and
    configurationItemMD5Hash, times in seconds, and the configuration as JSON in a string: 'string' takes that and an object.
    https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigurationItem.html

    A rule's verdict on a resource is a finding: the rule's and the resource's own for as long as both are there.
    https://docs.aws.amazon.com/config/latest/APIReference/API_Evaluation.html
#}
{% set announcement_fields = {
    'messageType': 'string', 'configurationItem': 'string', 'configurationItemSummary': 'string', 'awsAccountId': 'string',
    'configRuleName': 'string', 'configRuleARN': 'string', 'oldEvaluationResult': {'complianceType': 'string'},
    'newEvaluationResult': {'complianceType': 'string', 'annotation': 'string'},
} %}
{% set item_fields = {
    'configurationItemStatus': 'string', 'configurationStateId': 'string', 'awsAccountId': 'string', 'accountId': 'string',
    'ARN': 'string', 'resourceType': 'string', 'resourceId': 'string', 'resourceName': 'string', 'awsRegion': 'string',
    'availabilityZone': 'string', 'resourceCreationTime': 'string', 'configuration': 'string', 'tags': 'string',
    'relationships': [{
        'resourceId': 'string', 'resourceName': 'string', 'resourceType': 'string', 'name': 'string',
        'relationshipName': 'string',
    }],
} %}
{% set of_item = [
    'configurationItemStatus', 'configurationStateId', 'configurationItemCaptureTime', 'awsAccountId', 'accountId', 'ARN', 'arn',
    'resourceType', 'resourceId', 'resourceName', 'awsRegion', 'availabilityZone', 'resourceCreationTime', 'configuration',
    'tags', 'relationships',
] %}
{% set of_announcement = ['messageType', 'configurationItem', 'configurationItemSummary'] %}
{% set of_state = of_item + of_announcement + ['configRuleName', 'newEvaluationResult'] %}

with

records as (

    select * from {{ new_rows(source('bronze', 'aws_config')) }}

),

kinds as (

    select * from {{ ref('aws_config') }}

),

parsed as (

    select
        records.*,
        {{ parse_json('raw', announcement_fields) }} as event
    from records

),

found as (

    select
        parsed.*,
        event.configurationItem is not null or event.configurationItemSummary is not null as is_announced,
        coalesce(event.configurationItem, event.configurationItemSummary, raw) as item_text
    from parsed

),

opened as (

    select
        found.*,
        {{ parse_json('item_text', item_fields) }} as state,
        {{ json_text('item_text', 'arn') }} as api_arn
    from found

),

named as (

    select
        opened.*,
        coalesce(nullif(state.ARN, ''), nullif(api_arn, ''), nullif(state.resourceId, '')) as uid,
        event.newEvaluationResult.complianceType as verdict,
        event.oldEvaluationResult.complianceType as verdict_before,
        coalesce(
            state.awsAccountId, state.accountId, event.awsAccountId,
            nullif(regexp_extract(coalesce(state.ARN, api_arn), '^arn:[^:]*:[^:]*:[^:]*:([0-9]{12}):', 1), '')
        ) as account,
        coalesce(state.configurationItemStatus, event.newEvaluationResult.complianceType) as outcome
    from opened

),

ruled as (

    select
        named.*,
        -- a rule's name is its account's and region's own
        coalesce(
            nullif(event.configRuleARN, ''),
            nullif(event.configRuleName, '') || '/' || coalesce(account, '') || '/' || coalesce(state.awsRegion, '')
        ) as rule
    from named

),

judged as (

    select
        ruled.*,
        case
            when
                not is_announced and event.messageType is not null and coalesce(verdict, verdict_before) is not null
                and nullif(state.resourceId, '') is not null
                then rule || '/' || coalesce(state.resourceType, '') || '/' || state.resourceId
        end as finding_uid
    from ruled

),

told as (

    select
        judged.*,
        case
            -- a resource that is gone, or that the rule no longer looks at, has no verdict any more
            when finding_uid is not null and coalesce(verdict, 'NOT_APPLICABLE') in ('COMPLIANT', 'NOT_APPLICABLE') then 'verdict_closed'
            when finding_uid is not null and verdict_before is null then 'verdict_new'
            when finding_uid is not null then 'verdict_changed'
            when event.messageType is not null then event.messageType
            when nullif(state.resourceId, '') is not null then 'item'
        end as kind
    from judged

),

classified as (

    select
        told.*,
        case when told.uid is null then 0 else coalesce(kinds.class_uid, 0) end as to_class,
        case when told.uid is null then 99 else coalesce(kinds.activity_id, 99) end as to_activity,
        case
            when told.finding_uid is not null and told.kind = 'verdict_closed' then 4
            when told.finding_uid is not null and told.verdict = 'NON_COMPLIANT' then 1
            when told.finding_uid is not null then 0
            when told.kind like '%Failed' then 2
            when state.configurationItemStatus in ('OK', 'ResourceDiscovered', 'ResourceDeleted') then 1
            when state.configurationItemStatus is null then 0
            else 99
        end as result
    from told
    left join kinds
        on
            told.kind = kinds.kind
            -- whatever a message calls itself
            and (kinds.class_uid <> 2003 or told.finding_uid is not null)

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            'aws_config', 'AWS Config', 'AWS', uid='cast(null as varchar)', code='coalesce(event.messageType, kind)',
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'kind') }},
        -- a rule does not say how grave it is
        cast(case when finding_uid is null then 1 else 0 end as integer) as severity_id,
        case when finding_uid is null then 'Informational' else 'Unknown' end as severity,
        cast(result as integer) as status_id,
        case
            when finding_uid is not null then {{ finding_status_name('result') }}
            else case result when 1 then 'Success' when 2 then 'Failure' when 0 then 'Unknown' else outcome end
        end as status,
        outcome as status_code,
        event.newEvaluationResult.annotation as status_detail,
        event.configRuleName as message,
        -- cloud
        'AWS' as cloud_provider,
        account as cloud_account_uid,
        nullif(state.awsRegion, '') as cloud_region,
        uid as resource_uid,
        coalesce(nullif(state.resourceName, ''), nullif(state.resourceId, '')) as resource_name,
        state.resourceType as resource_type,
        case
            when uid is not null then {{ list_of([struct_of({
                'uid': 'uid', 'name': "coalesce(nullif(state.resourceName, ''), nullif(state.resourceId, ''))",
                'type': 'state.resourceType', 'account_uid': 'account',
            })]) }}
        end as resources,
        case
            when is_announced then {{ json_of({
                'announcement': json_without('raw', of_announcement), 'item': json_without('item_text', of_item),
            }) }}
            when finding_uid is not null then {{ json_without('raw', of_state + ['configRuleARN']) }}
            else {{ json_without('raw', of_state) }}
        end as unmapped,
        -- class extras: the resource as it was
        case when nullif(state.resourceId, '') <> uid then state.resourceId end as resource_uid_alt,
        case
            when state.availabilityZone not in ('Regional', 'Not Applicable', 'Multiple Availability Zones') then state.availabilityZone
        end as resource_zone,
        state.configurationStateId as resource_version,
        nullif(state.configuration, 'null') as resource_data,
        case when left(state.tags, 1) = '{' then {{ json_members('state.tags') }} end as resource_tags,
        coalesce(
            {{ timestamp_of_text('state.resourceCreationTime') }},
            {{ timestamp_of_ms('try_cast(try_cast(state.resourceCreationTime as double) * 1000 as bigint)') }}
        ) as resource_created_dt,
        {{ list_map('state.relationships', struct_of({
            'uid': 'item.resourceId', 'name': 'item.resourceName', 'type': 'item.resourceType',
            'relation': 'trim(coalesce(item.name, item.relationshipName))',
        })) }} as resource_relations,
        -- class extras: a rule's verdict
        finding_uid as finding_info_uid,
        case
            when finding_uid is not null then coalesce(nullif(event.configRuleName, ''), event.configRuleARN)
        end as finding_info_title,
        case when finding_uid is not null then event.newEvaluationResult.annotation end as finding_info_desc,
        case when finding_uid is not null then event.configRuleARN end as finding_info_analytic_uid,
        case when finding_uid is not null then 'Config' end as finding_info_product_name,
        case when finding_uid is not null and kind = 'verdict_new' then event_time end as finding_info_created_dt,
        case when finding_uid is not null then event_time end as finding_info_modified_dt,
        case
            when finding_uid is not null then coalesce(nullif(event.configRuleName, ''), event.configRuleARN)
        end as compliance_control,
        cast(case
            when finding_uid is not null then case coalesce(verdict, 'INSUFFICIENT_DATA')
                when 'COMPLIANT' then 1 when 'NON_COMPLIANT' then 3 when 'INSUFFICIENT_DATA' then 0 else 99
            end
        end as integer) as compliance_status_id,
        case when finding_uid is not null then verdict end as compliance_status
    from classified

)

select * from final
