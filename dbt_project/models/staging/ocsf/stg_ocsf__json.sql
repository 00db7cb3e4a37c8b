{{ routes_to([
    'account_change', 'api_activity', 'authentication', 'base_event', 'cloud_resources_inventory_info', 'datastore_activity',
    'dns_activity', 'group_management', 'http_activity', 'network_activity', 'user_access',
]) }}

with

records as (

    select * from {{ new_rows(source('bronze', 'ocsf_json')) }}

),

kinds as (

    select * from {{ ref('ocsf_json') }}

),

{{ ocsf_event('ocsf_json', 'OCSF', 'OCSF') }}

select * from final
