{#
    A staging model: parses new bronze rows once, in bounded batches until it has caught up, and routes each row to
    the table of its class. Every class commit carries how far this source has come.
#}
{% materialization ocsf_route, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {% call statement('main') -%}
        create schema if not exists {{ target_relation.schema }};
        {% if target.name == 'unit' -%}
        create or replace table {{ target_relation }} as ({{ sql }});
        {%- endif %}
    {%- endcall %}
    {% do adapter.commit() %}
    {% if target.name != 'unit' %}
        {% do adapter.store_relation('catchment', target_relation, [], 'staging', 'delta', {
            'action': 'route', 'model': model.name, 'sql': sql, 'source': model.sources[0][1], 'refs': model.refs | map(attribute='name') | list}) %}
    {% endif %}
    {{ return({'relations': []}) }}
{% endmaterialization %}
