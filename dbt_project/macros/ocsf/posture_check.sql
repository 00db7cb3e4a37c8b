{#
    The columns of a check's verdict as a compliance finding, out of the CTE `classified`: to_class, to_activity, verdict (pass,
    fail, warn, muted, other), grade (severity_id), finding_uid, label, check_uid, place_uid, place_name, place_type, account,
    standard and requirement (lists or NULL). cloud: when the check is of a cloud, which `cloud_provider` then names.
#}
{% macro posture_check_columns(source, product, vendor, cloud=none) -%}
        -- identity, lineage and time
        {{ ocsf_identity_columns(
            source, product, vendor, uid='finding_uid', code='check_uid', profiles=(['cloud'] if cloud else []) + ['datetime'], cloud=cloud,
        ) }},
        -- class
        {{ ocsf_class_columns('to_class', 'to_activity', 'check_uid') }},
        cast(grade as integer) as severity_id,
        {{ severity_name('grade') }} as severity,
        -- what passes needs nobody any more
        cast(case when to_class = 0 then 0 when verdict = 'pass' then 4 when verdict = 'muted' then 3 else 1 end as integer) as status_id,
        case when to_class = 0 then 'Unknown' when verdict = 'pass' then 'Resolved' when verdict = 'muted' then 'Suppressed' else 'New' end as status,
        coalesce(nullif(said, ''), label) as message,
        -- what was checked
        coalesce(place_uid, place_name) as resource_uid,
        place_name as resource_name,
        place_type as resource_type,
        case
            when coalesce(place_uid, place_name) is not null
                then {{ list_of([struct_of({
                    'uid': 'coalesce(place_uid, place_name)', 'name': 'place_name', 'type': 'place_type', 'account_uid': 'account',
                })]) }}
        end as resources,
        -- class extras
        case when to_class <> 0 then finding_uid end as finding_info_uid,
        case when to_class <> 0 then coalesce(label, check_uid) end as finding_info_title,
        check_uid as finding_info_analytic_uid,
        event_time as finding_info_last_seen_dt,
        case when to_class = 2003 then check_uid end as compliance_control,
        case when to_class = 2003 then standard end as compliance_standards,
        case when to_class = 2003 then requirement end as compliance_requirements,
        cast(case when to_class = 2003 then case verdict when 'pass' then 1 when 'warn' then 2 when 'fail' then 3 else 99 end end as integer)
            as compliance_status_id,
        case when to_class = 2003 then verdict end as compliance_status
{%- endmacro %}
