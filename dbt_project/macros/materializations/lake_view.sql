{#
    A view of the lake: a question over marts, rollups, findings and ops that is asked again and again. Its SQL is kept
    in ops/views, so that whoever opens the lake sees it. It reads ref(...) of marts, rollups and classes (as their views
    show them: rollups folded) and source('ops', ...) or source('bronze', ...), never a seed: a seed lives in dbt's run
    alone; publish it as a whole mart.
#}
{% materialization lake_view, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='view') -%}
    {% call statement('main') -%}
        create schema if not exists {{ target_relation.schema }};
        {% if target.name == 'unit' -%}
        create or replace view {{ target_relation }} as ({{ sql }});
        {%- endif %}
    {%- endcall %}
    {% do adapter.commit() %}
    {% if target.name != 'unit' %}
        {% do adapter.store_relation('catchment', target_relation, [], 'ops/views', 'delta', {
            'action': 'view', 'name': this.schema ~ '.' ~ this.identifier,
            'sql': sql | replace('"' ~ this.database ~ '".', '')}) %}
    {% endif %}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
