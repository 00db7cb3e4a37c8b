{#
    The leading columns of every staging model: what the event is, where its bytes lie, and when it happened. They read
    the bronze columns, so these must still be in scope. uid and code are expressions, product and vendor plain words;
    `said`: expressions for product and vendor where the event itself says them, and the words stand in;
    `text` is what tells a redelivery from a collision, for a source whose transports write an event in different bytes;
    `cloud` when the profile cloud applies, which asks for cloud_provider: always, where it does not say.
#}
{% macro ocsf_identity_columns(source, product, vendor, uid, code, profiles=['cloud', 'datetime', 'security_control'], text='raw', said=none, cloud=none) -%}
    event_uid,
    '{{ source }}' as source,
    {{ uid }} as metadata_uid,
    {{ code }} as metadata_event_code,
    {{ "'" ~ product ~ "'" if said is none else 'coalesce(' ~ said[0] ~ ", '" ~ product ~ "')" }} as metadata_product_name,
    {{ "'" ~ vendor ~ "'" if said is none else 'coalesce(' ~ said[1] ~ ", '" ~ vendor ~ "')" }} as metadata_product_vendor_name,
    '1.8.0' as metadata_version,
    {%- set quoted = [] -%}{%- for profile in profiles -%}{%- do quoted.append("'" ~ profile ~ "'") -%}{%- endfor %}
    {%- if cloud is none %}
    {{ list_of(quoted) }} as metadata_profiles,
    {%- else %}
    case when {{ cloud }} then {{ list_of(quoted) }} else {{ list_of(quoted | reject('equalto', "'cloud'") | list) }} end as metadata_profiles,
    {%- endif %}
    object_uri,
    record_no,
    {{ sha256_hex(text) }} as raw_data_hash,
    cast(false as boolean) as id_collision,
    landed_at,
    {{ epoch_ms('event_time') }} as time,
    event_time as time_dt,
    event_date
{%- endmacro %}
