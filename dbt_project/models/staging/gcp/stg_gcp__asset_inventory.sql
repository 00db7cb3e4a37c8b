{{ routes_to(['cloud_resources_inventory_info', 'base_event']) }}

{#
    An asset: camel case from a feed or the API, underscores from an export. Alone it is a state, in a change it is what the
    resource became.
    https://cloud.google.com/asset-inventory/docs/reference/rest/v1/assets#Asset
#}
{% set contents = [
    ('resource', 'resource'), ('iamPolicy', 'iam_policy'), ('orgPolicy', 'org_policy'), ('accessPolicy', 'access_policy'),
    ('accessLevel', 'access_level'), ('servicePerimeter', 'service_perimeter'), ('osInventory', 'os_inventory'),
] %}
{% set change_fields = {'asset': 'string', 'deleted': 'string', 'priorAssetState': 'string'} %}
{% set asset_fields = {
    'name': 'string', 'assetType': 'string', 'asset_type': 'string', 'updateTime': 'string', 'update_time': 'string',
    'ancestors': ['string'], 'resource': 'string',
    'iamPolicy': 'string', 'iam_policy': 'string', 'orgPolicy': 'string', 'org_policy': 'string',
    'accessPolicy': 'string', 'access_policy': 'string', 'accessLevel': 'string', 'access_level': 'string',
    'servicePerimeter': 'string', 'service_perimeter': 'string', 'osInventory': 'string', 'os_inventory': 'string',
    'relatedAsset': 'string', 'related_asset': 'string',
} %}
{% set resource_fields = {'data': 'string', 'location': 'string', 'parent': 'string'} %}
{% set related_fields = {
    'asset': 'string', 'assetType': 'string', 'asset_type': 'string', 'relationshipType': 'string',
    'relationship_type': 'string',
} %}
{% set data_fields = {
    'displayName': 'string', 'labels': 'string', 'status': 'string', 'state': 'string', 'lifecycleState': 'string',
    'creationTimestamp': 'string', 'createTime': 'string', 'timeCreated': 'string', 'id': 'string',
} %}
{% set of_asset = [
    'name', 'assetType', 'asset_type', 'updateTime', 'update_time', 'relatedAsset', 'related_asset',
] %}
{% set names_of_contents, without_contents = [], [] %}
{% for camel, plain in contents %}
    {% do names_of_contents.append('when asset.' ~ camel ~ ' is not null or asset.' ~ plain ~ " is not null then '" ~ plain ~ "'") %}
    {% do without_contents.append("when '" ~ plain ~ "' then " ~ json_without('asset_text', of_asset + [camel, plain])) %}
{% endfor %}

with

records as (

    select * from {{ new_rows(source('bronze', 'gcp_asset_inventory')) }}

),

kinds as (

    select * from {{ ref('gcp_asset_inventory') }}

),

parsed as (

    select
        records.*,
        {{ parse_json('raw', change_fields) }} as event
    from records

),

found as (

    select
        parsed.*,
        case when event.asset is not null then 'change' else 'asset' end as kind,
        coalesce(event.asset, raw) as asset_text,
        {{ parse_json('coalesce(event.asset, raw)', asset_fields) }} as asset
    from parsed

),

told as (

    select
        found.*,
        nullif(asset.name, '') as uid,
        case
            {{ names_of_contents | join(' ') }}
            when coalesce(asset.relatedAsset, asset.related_asset) is not null then 'relationship'
            else 'none'
        end as content,
        coalesce(
            asset.iamPolicy, asset.iam_policy, asset.orgPolicy, asset.org_policy, asset.accessPolicy, asset.access_policy,
            asset.accessLevel, asset.access_level, asset.servicePerimeter, asset.service_perimeter,
            asset.osInventory, asset.os_inventory
        ) as policy,
        {{ parse_json('asset.resource', resource_fields) }} as resource,
        {{ parse_json('coalesce(asset.relatedAsset, asset.related_asset)', related_fields) }} as related
    from found

),

opened as (

    select
        told.*,
        nullif(resource.location, '') as location,
        {{ parse_json('resource.data', data_fields) }} as data
    from told

),

stated as (

    select
        opened.*,
        case
            when event.deleted = 'true' then 'DELETED'
            else {{ value_of("coalesce(data.status, data.state, data.lifecycleState)") }}
        end as state
    from opened

),

classified as (

    select
        stated.*,
        stated.kind || ' of ' || stated.content as code,
        case stated.content
            {{ without_contents | join(' ') }}
            else {{ json_without('asset_text', of_asset) }}
        end as beside,
        coalesce(asset.assetType, asset.asset_type) as asset_type,
        regexp_extract(stated.uid, '[^/]*$') as shown,
        coalesce(
            nullif(regexp_extract(stated.uid, '^//[^/]+/projects/([^/]+)', 1), ''),
            {{ list_item(list_map(list_where('asset.ancestors', "item like 'projects/%'"), "substr(item, 10)"), 1) }}
        ) as project,
        case when stated.uid is null then 0 else coalesce(kinds.class_uid, 0) end as to_class,
        case when stated.uid is null then 99 else coalesce(kinds.activity_id, 99) end as to_activity
    from stated
    left join kinds on stated.kind = kinds.kind and stated.content = kinds.content

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns('gcp_asset_inventory', 'Cloud Asset Inventory', 'Google', uid='cast(null as varchar)', code='code') }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'code') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(case when uid is not null then 1 else 0 end as integer) as status_id,
        case when uid is not null then 'Success' else 'Unknown' end as status,
        state as status_code,
        -- cloud
        'GCP' as cloud_provider,
        project as cloud_account_uid,
        regexp_replace(location, '-[a-z]$', '') as cloud_region,
        {{ list_item(list_map(list_where('asset.ancestors', "item like 'organizations/%'"), "substr(item, 15)"), 1) }} as cloud_org_uid,
        uid as resource_uid,
        shown as resource_name,
        asset_type as resource_type,
        case
            when uid is not null then {{ list_of([struct_of({
                'uid': 'uid', 'name': 'shown', 'type': 'asset_type', 'account_uid': 'project',
            })]) }}
        end as resources,
        {{ json_of({
            'change': "case when kind = 'change' then " ~ json_without('raw', ['asset', 'deleted']) ~ ' end',
            'asset': 'beside',
            'resource': json_without('asset.resource', ['data', 'location', 'parent']),
        }) }} as unmapped,
        -- class extras: the resource as it was
        nullif(data.id, '') as resource_uid_alt,
        case when location <> regexp_replace(location, '-[a-z]$', '') then location end as resource_zone,
        coalesce(resource.data, policy) as resource_data,
        case when left(data.labels, 1) = '{' then {{ json_members('data.labels') }} end as resource_tags,
        {{ timestamp_of_text('coalesce(data.creationTimestamp, data.createTime, data.timeCreated)') }} as resource_created_dt,
        {{ timestamp_of_text('coalesce(asset.updateTime, asset.update_time)') }} as resource_modified_dt,
        case
            when related.asset is not null then {{ list_of([struct_of({
                'uid': 'related.asset', 'name': 'cast(null as varchar)',
                'type': 'coalesce(related.assetType, related.asset_type)',
                'relation': 'coalesce(related.relationshipType, related.relationship_type)',
            })]) }}
            when resource.parent is not null then {{ list_of([struct_of({
                'uid': 'resource.parent', 'name': 'cast(null as varchar)', 'type': 'cast(null as varchar)',
                'relation': "'parent'",
            })]) }}
        end as resource_relations
    from classified

)

select * from final
