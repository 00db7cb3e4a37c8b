{#
    A detection: computed over what is new since it last ran, compared with its earlier findings, and held until the
    end of the run, where one commit carries the rows and the progress of every detection that succeeded.
#}
{% materialization detection, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {% call statement('main') -%}
        create schema if not exists {{ target_relation.schema }};
        {% if target.name == 'unit' -%}
        create or replace table {{ target_relation }} as ({{ sql }});
        {%- endif %}
    {%- endcall %}
    {% do adapter.commit() %}
    {% if target.name != 'unit' %}
        {% do adapter.store_relation('catchment', target_relation, [], 'findings/findings', 'delta', {
            'action': 'detect', 'model': model.name, 'sql': sql, 'meta': config.get('meta', {}),
            'refs': model.refs | map(attribute='name') | list}) %}
    {% endif %}
    {{ return({'relations': []}) }}
{% endmaterialization %}
