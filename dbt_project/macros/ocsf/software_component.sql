{#
    The columns of a component of a bill of materials as software inventory, out of the CTE `classified`: to_class, to_activity, kind,
    component_* (name, version, purl, cpe, type, license, supplier, sha256, path), bill_* (uid, version, tool, name, release, purl) and
    bill_of, what the bill is of: its digest, package URL or name.
#}
{% macro software_component_columns(source, product, vendor, format_id, format, own=[]) -%}
        -- identity, lineage and time
        {{ ocsf_identity_columns(source, product, vendor, uid='bill_uid', code='kind', profiles=['datetime']) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'kind') }},
        cast(grade as integer) as severity_id,
        {{ severity_name('grade') }} as severity,
        cast(case when to_class = 2002 then standing else 0 end as integer) as status_id,
        case when to_class = 2002 then {{ finding_status_name('standing') }} else 'Unknown' end as status,
        said as message,
        -- what the bill of materials is of
        bill_of as resource_uid,
        bill_name as resource_name,
        bill_type as resource_type,
        case
            when bill_of is not null
                then {{ list_of([struct_of({
                    'uid': 'bill_of', 'name': 'bill_name', 'type': 'bill_type', 'account_uid': 'cast(null as varchar)',
                })]) }}
        end as resources,
        {{ json_without('raw', own) }} as unmapped,
        -- class extras
        case when to_class = 5020 then coalesce(bill_of, bill_uid, 'unknown') end as device_uid,
        case when to_class = 5020 then component_name end as package_name,
        case when to_class = 5020 then coalesce(component_version, '') end as package_version,
        case when to_class = 5020 then component_purl end as package_purl,
        case when to_class = 5020 then component_cpe end as package_cpe_name,
        case when to_class = 5020 then component_type end as package_type,
        case when to_class = 5020 then component_license end as package_license,
        case when to_class = 5020 then component_supplier end as package_vendor_name,
        case when to_class = 5020 then component_sha256 end as package_sha256,
        case when to_class = 5020 then component_path end as package_path,
        case when to_class = 5020 then bill_uid end as sbom_uid,
        cast(case when to_class = 5020 then {{ format_id }} end as integer) as sbom_type_id,
        case when to_class = 5020 then '{{ format }}' end as sbom_type,
        case when to_class = 5020 then bill_version end as sbom_version,
        case when to_class = 5020 then bill_tool end as sbom_tool_name,
        case when to_class = 5020 then bill_name end as sbom_package_name,
        case when to_class = 5020 then coalesce(bill_release, '') end as sbom_package_version,
        case when to_class = 5020 then bill_purl end as sbom_package_purl
{%- endmacro %}
