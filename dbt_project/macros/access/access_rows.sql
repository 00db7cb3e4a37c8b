{#
    The OCSF rows that touch a store of data, each with its principal, store, network and operation: rows of datastore
    activity, and of API activity where secrets are read or a store hands out its keys.
    kind   'new' (rows not consumed yet) or 'seen' (the snapshot of the days that they touch)
    operation is reads, writes, deletes, lists or other; is_denied tells what did not succeed.
    A secret store is the whole vault, or all secrets of an account and region: one secret more is no new store.
#}
{% macro access_rows(kind) -%}
    select
        datastore.event_date,
        datastore.time_dt,
        datastore.event_uid,
        datastore.source,
        datastore.cloud_provider,
        datastore.cloud_account_uid,
        {{ access_principal_uid() }} as principal_uid,
        {{ access_principal_type() }} as principal_type,
        case
            when datastore.databucket_name is not null then 'bucket'
            when datastore.table_name is not null then 'table'
            else 'database'
        end as store_type,
        coalesce(
            datastore.databucket_name, concat_ws('.', datastore.database_name, datastore.table_name), datastore.resource_uid, 'unknown'
        ) as store_uid,
        {{ ip_network('src_endpoint_ip') }} as network,
        case
            when datastore.activity_id in (1, 4) then 'reads'
            when datastore.activity_id in (2, 5, 6) then 'writes'
            when datastore.activity_id = 7 then 'deletes'
            when datastore.activity_id = 8 then 'lists'
            else 'other'
        end as operation,
        coalesce(datastore.status_id = 2, false) as is_denied,
        -- what one record claims beyond a terabyte is not believed, so that no sum overflows
        greatest(least(coalesce(datastore.bytes, 0), 1000000000000), 0) as bytes
    from {{ new_rows(ref('ocsf_datastore_activity')) if kind == 'new' else seen_rows(ref('ocsf_datastore_activity')) }} as datastore
    union all
    select
        calls.event_date,
        calls.time_dt,
        calls.event_uid,
        calls.source,
        calls.cloud_provider,
        calls.cloud_account_uid,
        {{ access_principal_uid() }} as principal_uid,
        {{ access_principal_type() }} as principal_type,
        case
            when calls.resource_type <> 'secret' then 'storage_account'
            when calls.resource_uid like '%/vaults/%' then 'key_vault'
            else 'secret_store'
        end as store_type,
        case
            when calls.resource_type <> 'secret' then calls.resource_uid
            when calls.resource_uid like '%/vaults/%' then regexp_extract(calls.resource_uid, '^(.*/vaults/[^/]+)', 1)
            else concat_ws('/', calls.api_service_name, calls.cloud_account_uid, calls.cloud_region)
        end as store_uid,
        {{ ip_network('src_endpoint_ip') }} as network,
        case
            when calls.resource_type <> 'secret' then 'reads'
            when lower(calls.api_operation) like 'list%' or lower(calls.api_operation) like '%.list%' then 'lists'
            when calls.activity_id = 2 then 'reads'
            when calls.activity_id in (1, 3) then 'writes'
            when calls.activity_id = 4 then 'deletes'
            else 'other'
        end as operation,
        coalesce(calls.status_id = 2, false) as is_denied,
        0 as bytes
    from {{ new_rows(ref('ocsf_api_activity')) if kind == 'new' else seen_rows(ref('ocsf_api_activity')) }} as calls
    where (
        calls.resource_type = 'secret'
        -- keys and signatures that open the account: listKeys, listAccountSas, listServiceSas
        or (
            calls.resource_type = 'microsoft.storage/storageaccounts'
            and calls.resource_uid is not null
            and lower(calls.api_operation) like 'microsoft.storage/storageaccounts/list%/action'
        )
    )
        -- Azure writes a record when a call begins and one when it has ended
        and coalesce(calls.status_id, 0) <> 99
{%- endmacro %}
