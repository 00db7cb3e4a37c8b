{{ routes_to(['cloud_resources_inventory_info', 'base_event']) }}

{#
    An object of a list; what stands around it is the attribute `fields`. Names of EC2 and of the others differ by case
    alone, so each cloud's are parsed for themselves. Azure's command line writes beside the name what Resource Graph and
    the API write below `properties`.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html
    https://cloud.google.com/compute/docs/reference/rest/v1/instances
    https://learn.microsoft.com/rest/api/compute/virtual-machines/list#virtualmachine
#}
{% set around_fields = {
    'collected': {'account': 'string', 'region': 'string'}, 'reservation': {'OwnerId': 'string'}, 'scan': {'place': 'string'},
} %}
{% set aws_fields = {
    'InstanceId': 'string', 'ImageId': 'string', 'VolumeId': 'string', 'SnapshotId': 'string', 'VolumeType': 'string',
    'Size': 'string', 'OwnerId': 'string', 'Name': 'string', 'State': 'string', 'CreateTime': 'string', 'CreationDate': 'string',
    'StartTime': 'string', 'AvailabilityZone': 'string', 'Placement': {'AvailabilityZone': 'string'},
    'Tags': [{'Key': 'string', 'Value': 'string'}], 'IamInstanceProfile': {'Arn': 'string'}, 'PublicIpAddress': 'string',
    'VpcId': 'string', 'SecurityGroups': [{'GroupId': 'string'}], 'Attachments': [{'InstanceId': 'string'}],
    'NetworkInterfaces': [{
        'OwnerId': 'string', 'Association': {'PublicIp': 'string'}, 'Ipv6Addresses': [{'Ipv6Address': 'string'}],
        'PrivateIpAddresses': [{'Primary': 'string', 'Association': {'PublicIp': 'string'}}],
    }],
    'BlockDeviceMappings': [{'Ebs': {'VolumeId': 'string', 'SnapshotId': 'string'}}], 'KmsKeyId': 'string',
    'SourceImageId': 'string',
} %}
{% set gcp_fields = {
    'kind': 'string', 'id': 'string', 'name': 'string', 'selfLink': 'string', 'status': 'string', 'creationTimestamp': 'string',
    'zone': 'string', 'region': 'string', 'labels': 'string', 'disks': [{'source': 'string'}],
    'serviceAccounts': [{'email': 'string'}],
    'networkInterfaces': [{
        'network': 'string', 'accessConfigs': [{'natIP': 'string'}], 'ipv6AccessConfigs': [{'externalIpv6': 'string'}],
    }], 'users': ['string'],
    'sourceImage': 'string', 'sourceDisk': 'string', 'sourceSnapshot': 'string', 'diskEncryptionKey': {'kmsKeyName': 'string'},
} %}
{% set azure_fields = {
    'id': 'string', 'name': 'string', 'type': 'string', 'location': 'string', 'tags': 'string', 'zones': ['string'],
    'properties': 'string', 'managedBy': 'string', 'powerState': 'string', 'publicIps': 'string',
    'identity': {'principalId': 'string', 'userAssignedIdentities': 'string'},
} %}
{% set property_fields = {
    'provisioningState': 'string', 'diskState': 'string', 'timeCreated': 'string', 'vmId': 'string', 'uniqueId': 'string',
    'extended': {'instanceView': {'powerState': {'displayStatus': 'string'}}},
    'storageProfile': {
        'imageReference': {'id': 'string', 'publisher': 'string', 'offer': 'string', 'sku': 'string', 'version': 'string'},
        'osDisk': {'managedDisk': {'id': 'string'}}, 'dataDisks': [{'managedDisk': {'id': 'string'}}],
    },
    'networkProfile': {'networkInterfaces': [{'id': 'string'}]},
    'creationData': {'sourceResourceId': 'string', 'imageReference': {'id': 'string'}},
    'sourceVirtualMachine': {'id': 'string'}, 'encryption': {'diskEncryptionSetId': 'string'},
} %}
{#
    A list, of which item what else is named, that thing's type, and what it is to the resource. What an interface of EC2 is
    associated with is its first private address's: those of its further ones follow.
#}
{% set related = [
    (list_of(["case when kind = 'aws_instance' then aws.ImageId end"]), 'item', 'AWS::EC2::Image', 'image'),
    (list_of(['aws.IamInstanceProfile.Arn']), 'item', 'AWS::IAM::InstanceProfile', 'identity'),
    (list_of(['aws.PublicIpAddress']), 'item', 'IP address', 'public address'),
    ('aws.NetworkInterfaces', 'nullif(item.Association.PublicIp, aws.PublicIpAddress)', 'IP address', 'public address'),
    ('flatten(' ~ list_where(
        list_map('aws.NetworkInterfaces', list_where('item.PrivateIpAddresses', "item.Primary = 'false'")), 'item is not null',
    ) ~ ')', 'item.Association.PublicIp', 'IP address', 'public address'),
    ('flatten(' ~ list_where(list_map('aws.NetworkInterfaces', 'item.Ipv6Addresses'), 'item is not null') ~ ')',
        'item.Ipv6Address', 'IP address', 'public address'),
    (list_of(['aws.VpcId']), 'item', 'AWS::EC2::VPC', 'network'),
    ('aws.SecurityGroups', 'item.GroupId', 'AWS::EC2::SecurityGroup', 'security group'),
    ('aws.BlockDeviceMappings', 'item.Ebs.VolumeId', 'AWS::EC2::Volume', 'disk'),
    ('aws.BlockDeviceMappings', 'item.Ebs.SnapshotId', 'AWS::EC2::Snapshot', 'source'),
    (list_of(["case when kind = 'aws_volume' then nullif(aws.SnapshotId, '') end"]), 'item', 'AWS::EC2::Snapshot', 'source'),
    (list_of(["case when kind = 'aws_snapshot' then aws.VolumeId end"]), 'item', 'AWS::EC2::Volume', 'source'),
    (list_of(['aws.SourceImageId']), 'item', 'AWS::EC2::Image', 'source'),
    ('aws.Attachments', 'item.InstanceId', 'AWS::EC2::Instance', 'attached to'),
    (list_of(['aws.KmsKeyId']), 'item', 'AWS::KMS::Key', 'encryption key'),
    ('gcp.disks', "'//compute.googleapis.com/' || regexp_extract(item.source, 'projects/.*')", 'compute.googleapis.com/Disk', 'disk'),
    ('gcp.serviceAccounts', 'item.email', 'iam.googleapis.com/ServiceAccount', 'identity'),
    ('gcp.networkInterfaces', list_item('item.accessConfigs', 1) ~ '.natIP', 'IP address', 'public address'),
    ('gcp.networkInterfaces', list_item('item.ipv6AccessConfigs', 1) ~ '.externalIpv6', 'IP address', 'public address'),
    ('gcp.networkInterfaces', "'//compute.googleapis.com/' || regexp_extract(item.network, 'projects/.*')",
        'compute.googleapis.com/Network', 'network'),
    ('gcp.users', "'//compute.googleapis.com/' || regexp_extract(item, 'projects/.*')", 'compute.googleapis.com/Instance', 'attached to'),
    (list_of(['gcp.sourceImage', 'gcp.sourceDisk', 'gcp.sourceSnapshot']),
        "'//compute.googleapis.com/' || regexp_extract(item, 'projects/.*')", none, 'source'),
    (list_of(['gcp.diskEncryptionKey.kmsKeyName']), "'//cloudkms.googleapis.com/' || item",
        'cloudkms.googleapis.com/CryptoKeyVersion', 'encryption key'),
    (list_of([
        "coalesce(azure_more.storageProfile.imageReference.id, nullif(concat_ws(':', azure_more.storageProfile.imageReference.publisher, "
        ~ "azure_more.storageProfile.imageReference.offer, azure_more.storageProfile.imageReference.sku, "
        ~ "azure_more.storageProfile.imageReference.version), ''))",
    ]), 'item', none, 'image'),
    (list_of(['azure.identity.principalId']), 'item', 'principal', 'identity'),
    (json_members('azure.identity.userAssignedIdentities'), 'lower(item.name)', 'microsoft.managedidentity/userassignedidentities', 'identity'),
    ("split(azure.publicIps, ',')", "nullif(trim(item), '')", 'IP address', 'public address'),
    (list_of(['azure_more.storageProfile.osDisk.managedDisk.id']), 'lower(item)', 'microsoft.compute/disks', 'disk'),
    ('azure_more.storageProfile.dataDisks', 'lower(item.managedDisk.id)', 'microsoft.compute/disks', 'disk'),
    ('azure_more.networkProfile.networkInterfaces', 'lower(item.id)', 'microsoft.network/networkinterfaces', 'network'),
    (list_of(['azure.managedBy']), "nullif(lower(item), '')", none, 'attached to'),
    (list_of([
        'azure_more.creationData.sourceResourceId', 'azure_more.creationData.imageReference.id', 'azure_more.sourceVirtualMachine.id',
    ]), 'lower(item)', none, 'source'),
    (list_of(['azure_more.encryption.diskEncryptionSetId']), 'lower(item)', 'microsoft.compute/diskencryptionsets', 'encryption key'),
] %}
{% set nothing = list_of([struct_of({
    'uid': 'cast(null as varchar)', 'name': 'cast(null as varchar)', 'type': 'cast(null as varchar)',
    'relation': 'cast(null as varchar)',
})]) %}
{% set relations = [] %}
{% for list, uid, type, relation in related %}
    {% do relations.append('coalesce(' ~ list_map(list, struct_of({
        'uid': uid, 'name': 'cast(null as varchar)',
        'type': 'cast(null as varchar)' if type is none else "'" ~ type ~ "'", 'relation': "'" ~ relation ~ "'",
    })) ~ ', ' ~ nothing ~ ')') %}
{% endfor %}

with

records as (

    select * from {{ new_rows(source('bronze', 'cloud_inventory')) }}

),

kinds as (

    select * from {{ ref('cloud_inventory') }}

),

parsed as (

    select
        records.*,
        {{ around_finding(around_fields) }} as around,
        {{ parse_json('raw', aws_fields) }} as aws,
        {{ parse_json('raw', gcp_fields) }} as gcp,
        {{ parse_json('raw', azure_fields) }} as azure
    from records

),

told as (

    select
        parsed.*,
        {{ parse_json("case when left(azure.properties, 1) = '{' then azure.properties else raw end", property_fields) }} as azure_more,
        case
            when nullif(aws.InstanceId, '') is not null then 'aws_instance'
            when nullif(aws.ImageId, '') is not null then 'aws_image'
            -- a volume names the snapshot that it was made from, and a snapshot its volume
            when nullif(aws.VolumeId, '') is not null and coalesce(aws.VolumeType, aws.Size) is not null then 'aws_volume'
            when nullif(aws.SnapshotId, '') is not null then 'aws_snapshot'
            when gcp.kind in ('compute#instance', 'compute#disk', 'compute#image', 'compute#snapshot') and gcp.selfLink like '%/projects/%'
                then 'gcp_' || substr(gcp.kind, 9)
            when gcp.kind like 'compute#%' and gcp.selfLink like '%/projects/%' then 'gcp_resource'
            when coalesce(lower(azure.id), '') not like '/subscriptions/%/providers/%' then null
            when lower(azure.type) = 'microsoft.compute/virtualmachines' then 'azure_vm'
            when lower(azure.type) = 'microsoft.compute/disks' then 'azure_disk'
            when lower(azure.type) = 'microsoft.compute/images' then 'azure_image'
            when lower(azure.type) = 'microsoft.compute/snapshots' then 'azure_snapshot'
            when azure.type is not null then 'azure_resource'
        end as kind
    from parsed

),

named as (

    select
        told.*,
        split_part(kind, '_', 1) as cloud,
        case kind
            when 'aws_instance' then aws.InstanceId
            when 'aws_image' then aws.ImageId
            when 'aws_volume' then aws.VolumeId
            when 'aws_snapshot' then aws.SnapshotId
        end as aws_uid,
        coalesce(aws.Placement.AvailabilityZone, aws.AvailabilityZone) as aws_zone,
        coalesce(
            around.reservation.OwnerId, nullif(around.collected.account, ''),
            nullif(regexp_extract(around.scan.place, '(?:^|/)([0-9]{12})(?:/|$)', 1), ''),
            {{ list_item('aws.NetworkInterfaces', 1) }}.OwnerId,
            nullif(regexp_extract(aws.OwnerId, '^[0-9]{12}$'), '')
        ) as aws_account,
        regexp_extract(gcp.selfLink, 'projects/.*') as gcp_path,
        regexp_extract(gcp.zone, '[^/]*$') as gcp_zone
    from told

),

placed as (

    select
        named.*,
        coalesce(
            nullif(around.collected.region, ''), nullif(regexp_extract(aws_zone, '^[a-z]+(?:-[a-z]+)+-[0-9]+'), ''),
            nullif(regexp_extract(around.scan.place, '(?:^|/)([a-z]{2}(?:-[a-z]+)+-[0-9]+)(?:/|$)', 1), '')
        ) as aws_region,
        case
            when gcp_zone <> '' then regexp_replace(gcp_zone, '-[a-z]$', '')
            when gcp.region is not null then regexp_extract(gcp.region, '[^/]*$')
            when gcp_path like '%/global/%' then 'global'
        end as gcp_region
    from named

),

addressed as (

    select
        placed.*,
        -- https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html#amazonec2-resources-for-iam-policies
        'arn:' || case when aws_region like 'cn-%' then 'aws-cn' when aws_region like 'us-gov-%' then 'aws-us-gov' else 'aws' end
        || ':ec2:' || aws_region || ':' || case when kind in ('aws_instance', 'aws_volume') then aws_account else '' end as arn_before,
        substr(gcp.kind, 9) as gcp_type
    from placed

),

stated as (

    select
        addressed.*,
        case cloud
            when 'aws' then coalesce(arn_before || ':' || substr(kind, 5) || '/' || aws_uid, aws_uid)
            when 'gcp' then '//compute.googleapis.com/' || gcp_path
            when 'azure' then lower(azure.id)
        end as uid,
        case cloud
            when 'aws'
                then coalesce({{ list_item(list_where('aws.Tags', "item.Key = 'Name'"), 1) }}.Value, nullif(aws.Name, ''), aws_uid)
            when 'gcp' then gcp.name
            when 'azure' then azure.name
        end as shown,
        case cloud
            when 'aws' then 'AWS::EC2::' || upper(substr(kind, 5, 1)) || substr(kind, 6)
            when 'gcp' then 'compute.googleapis.com/' || upper(substr(gcp_type, 1, 1)) || substr(gcp_type, 2)
            when 'azure' then lower(azure.type)
        end as resource_kind,
        case cloud
            when 'aws' then aws_account
            when 'gcp' then nullif(regexp_extract(gcp_path, '^projects/([^/]+)', 1), '')
            when 'azure' then {{ azure_subscription('azure.id') }}
        end as account,
        case cloud
            when 'aws' then coalesce({{ json_text('aws.State', 'Name') }}, aws.State)
            when 'gcp' then gcp.status
            when 'azure'
                then coalesce(
                    nullif(azure.powerState, ''), azure_more.extended.instanceView.powerState.displayStatus, azure_more.diskState,
                    azure_more.provisioningState
                )
        end as state,
        {{ list_where('flatten(' ~ list_of(relations) ~ ')', 'item.uid is not null') }} as relations
    from addressed

),

classified as (

    select
        stated.*,
        coalesce(kinds.class_uid, 0) as to_class,
        coalesce(kinds.activity_id, 99) as to_activity
    from stated
    left join kinds on stated.kind = kinds.kind

),

final as (

    select
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            'cloud_inventory', 'Cloud inventory', 'Cloud providers', uid='cast(null as varchar)', code='kind', cloud='kind is not null',
            said=[
                "case cloud when 'aws' then 'EC2' when 'gcp' then 'Compute Engine' when 'azure' then 'Resource Manager' end",
                "case cloud when 'aws' then 'AWS' when 'gcp' then 'Google' when 'azure' then 'Microsoft' end",
            ],
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'kind') }},
        cast(1 as integer) as severity_id,
        'Informational' as severity,
        cast(case when kind is not null then 1 else 0 end as integer) as status_id,
        case when kind is not null then 'Success' else 'Unknown' end as status,
        state as status_code,
        -- cloud
        case cloud when 'aws' then 'AWS' when 'gcp' then 'GCP' when 'azure' then 'Azure' end as cloud_provider,
        account as cloud_account_uid,
        case cloud when 'aws' then aws_region when 'gcp' then gcp_region when 'azure' then nullif(azure.location, '') end as cloud_region,
        uid as resource_uid,
        shown as resource_name,
        resource_kind as resource_type,
        case
            when uid is not null then {{ list_of([struct_of({
                'uid': 'uid', 'name': 'shown', 'type': 'resource_kind', 'account_uid': 'account',
            })]) }}
        end as resources,
        case when kind is null then {{ json_without('raw', []) }} end as unmapped,
        -- class extras: the resource as it was
        case cloud
            when 'aws' then nullif(aws_uid, uid)
            when 'gcp' then gcp.id
            when 'azure' then coalesce(azure_more.vmId, azure_more.uniqueId)
        end as resource_uid_alt,
        case cloud when 'aws' then aws_zone when 'gcp' then nullif(gcp_zone, '') when 'azure' then {{ list_item('azure.zones', 1) }} end
            as resource_zone,
        case cloud
            when 'aws' then {{ json_without('raw', ['Tags']) }}
            when 'gcp' then {{ json_without('raw', ['id', 'labels', 'name']) }}
            when 'azure' then {{ json_without('raw', ['id', 'location', 'name', 'tags', 'type']) }}
        end as resource_data,
        case
            when cloud = 'aws' then {{ list_map('aws.Tags', struct_of({'name': 'item.Key', 'value': 'item.Value'})) }}
            when cloud = 'gcp' and left(gcp.labels, 1) = '{' then {{ json_members('gcp.labels') }}
            when cloud = 'azure' and left(azure.tags, 1) = '{' then {{ json_members('azure.tags') }}
        end as resource_tags,
        -- when an instance was launched last is not when it was made
        {{ timestamp_of_text("case cloud
            when 'aws' then coalesce(aws.CreateTime, aws.CreationDate, aws.StartTime)
            when 'gcp' then gcp.creationTimestamp
            when 'azure' then azure_more.timeCreated
        end") }} as resource_created_dt,
        case when {{ list_length('relations') }} > 0 then relations end as resource_relations
    from classified

)

select * from final
