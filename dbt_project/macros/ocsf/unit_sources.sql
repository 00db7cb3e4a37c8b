{#
    Unit target only: an empty table for every source, from which unit tests take the columns of their input. A source that
    declares its columns has those; the others are bronze tables.
#}
{% macro unit_sources() %}
    {% if execute and target.name == 'unit' and flags.WHICH in ('run', 'build', 'test') %}
        {% for source in graph.sources.values() %}
            {% set columns = [] %}
            {% for column in source.columns.values() %}
                {% do columns.append(adapter.quote(column.name) ~ " " ~ column.data_type) %}
            {% endfor %}
            {% do run_query("create schema if not exists " ~ source.schema) %}
            {% do run_query(
                "create table if not exists " ~ source.schema ~ "." ~ source.identifier ~ " (" ~ (
                    columns | join(", ") or "event_uid varchar, event_time timestamptz, event_date date, landed_at timestamptz,"
                    ~ " batch_id varchar, object_uri varchar, object_version varchar, record_no bigint, attributes varchar, raw varchar"
                ) ~ ")"
            ) %}
        {% endfor %}
    {% endif %}
{% endmacro %}
