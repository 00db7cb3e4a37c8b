{#
    The body of rollup_health_column_hour: by source, class table and hour of the new rows, how many rows have each of the
    columns that detections declare. The four that every row has are none of them. Each class table is read once.
#}
{% macro health_column_hours() -%}
{%- set wanted = {} -%}
{%- for detection in declared_detections() -%}
    {%- for table, columns in detection.inputs.items() -%}
        {%- set known = (wanted.get(table, []) + columns) | unique | reject('in', ['time', 'event_uid', 'source', 'event_date']) -%}
        {%- do wanted.update({table: known | sort}) -%}
    {%- endfor -%}
{%- endfor -%}
with
{%- for table in class_tables() %}
{{ table }}_hours as (

    select
        source,
        event_date,
        {{ timestamp_of_ms(bucket_ms('time', 3600000)) }} as hour_dt,
        {%- for column in wanted.get(table, []) %}
        count({{ column }}) as {{ column }},
        {%- endfor %}
        count(*) as rows_count
    from {{ new_rows(ref(table)) }}
    group by source, event_date, {{ bucket_ms('time', 3600000) }}

),
{%- endfor %}

columns_hours as (

    {%- for table in class_tables() %}
    {%- for column in wanted.get(table, []) %}
    select source, '{{ table[5:] }}' as class_name, '{{ column }}' as column_name, hour_dt, event_date, rows_count, {{ column }} as filled_count
    from {{ table }}_hours
    union all
    {%- endfor %}
    {%- endfor %}
    select source, '' as class_name, '' as column_name, hour_dt, event_date, rows_count, rows_count as filled_count
    from {{ class_tables()[0] }}_hours
    where 1 = 0

),

final as (

    select
        source,
        class_name,
        column_name,
        hour_dt,
        event_date,
        cast(rows_count as bigint) as rows_count,
        cast(filled_count as bigint) as filled_count
    from columns_hours

)

select * from final
{%- endmacro %}
