{# The findings table: created from its contract; detections append revisions to it. #}
{% materialization findings, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='table' if target.name == 'unit' else 'view') -%}
    {% call statement('main') -%}
        {% if target.name == 'unit' -%}
        {{ get_assert_columns_equivalent(sql) }}
        {%- endif %}
        create schema if not exists {{ target_relation.schema }};
        create or replace table {{ target_relation.schema }}.{{ target_relation.identifier }}{{ '' if target.name == 'unit' else '__contract' }} as ({{ sql }});
    {%- endcall %}
    {% do adapter.commit() %}
    {% if target.name != 'unit' %}
        {% do adapter.store_relation('catchment', target_relation, [], 'findings/findings', 'delta', {'action': 'create_findings'}) %}
    {% endif %}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
