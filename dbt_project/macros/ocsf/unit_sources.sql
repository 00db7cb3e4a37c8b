{# Unit target only: an empty table for every bronze source, from which unit tests take the columns of their input. #}
{% macro unit_sources() %}
    {% if execute and target.name == 'unit' and flags.WHICH in ('run', 'build', 'test') %}
        {% for source in graph.sources.values() %}
            {% do run_query("create schema if not exists " ~ source.schema) %}
            {% do run_query(
                "create table if not exists " ~ source.schema ~ "." ~ source.identifier ~ " (event_uid varchar, event_time timestamptz,"
                ~ " event_date date, landed_at timestamptz, batch_id varchar, object_uri varchar, object_version varchar,"
                ~ " record_no bigint, attributes varchar, raw varchar)"
            ) %}
        {% endfor %}
    {% endif %}
{% endmacro %}
