{#-
    Counted are the columns that detections declare as their inputs: what goes null there blinds a detection. The four that
    every row has are none of them.
-#}
{%- set wanted = {} -%}
{%- for detection in declared_detections() -%}
    {%- for table, columns in detection.inputs.items() -%}
        {%- do wanted.update({table: (wanted.get(table, []) + columns) | unique | reject('in', ['time', 'event_uid', 'source', 'event_date']) | sort}) -%}
    {%- endfor -%}
{%- endfor -%}
with
{%- for table in class_tables() %}
{%- set columns = wanted.get(table, []) %}
{{ table }}_hours as (

    select
        source,
        {{ timestamp_of_ms(bucket_ms('time', 3600000)) }} as hour_dt,
        event_date,
        {%- for column in columns %}
        count({{ column }}) as filled_{{ column }},
        {%- endfor %}
        count(*) as rows_count
    from {{ new_rows(ref(table)) }}
    group by source, {{ bucket_ms('time', 3600000) }}, event_date

),
{%- endfor %}

columns_hours as (

    {%- for table in class_tables() %}
    {%- for column in wanted.get(table, []) %}
    select source, '{{ table[5:] }}' as class_name, '{{ column }}' as column_name, hour_dt, event_date, rows_count, filled_{{ column }} as filled_count
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
