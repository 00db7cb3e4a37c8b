{{ routes_to([
    'account_change', 'api_activity', 'authentication', 'base_event', 'cloud_resources_inventory_info', 'datastore_activity',
    'dns_activity', 'group_management', 'http_activity', 'network_activity', 'user_access',
]) }}

with

records as (

    select * from {{ new_rows(source('bronze', 'aws_security_lake')) }}

),

kinds as (

    select * from {{ ref('aws_security_lake') }}

),

{{ ocsf_event('aws_security_lake', 'Security Lake', 'AWS') }}

select * from final
