{{ config(materialized='lake_view') }}

with

emissions as (

    {{ finding_rows([
        'source', 'class_uid', 'class_name', 'finding_info_uid', 'finding_info_title', 'finding_info_types', 'finding_info_product_name',
        'activity_name', 'severity_id', 'severity', 'status_id', 'status', 'cloud_provider', 'cloud_account_uid', 'cloud_region',
        'resource_uid', 'resource_name', 'resource_type', 'finding_info_created_dt', 'finding_info_modified_dt',
        'finding_info_first_seen_dt', 'finding_info_last_seen_dt', 'count', 'time_dt', 'event_uid', 'raw_data_hash', 'event_date',
    ]) }}

),

final as (

    select * from emissions

)

select * from final
