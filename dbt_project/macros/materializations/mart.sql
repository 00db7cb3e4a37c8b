{#
    A mart: a table for people and dashboards, in models/marts/<domain>, table and view marts.<model>.

    By day (the default): the SQL reads seen_rows(...) of class tables and rollups, and gives the rows of every day that
    the seen rows allow; `event_date` is the partition. New input rows open the days that they can change, which are
    computed again and replaced where they differ. config.meta says how far a row reaches: a row on day d depends on
    input rows of the days d - lookback_days to d + lookahead_days, and on nothing else: no clock, no other mart. Inputs
    that it reads on day d alone (the events behind a day's sums) stand in config.meta.same_day.
    A mart has rows only on days on which one of its inputs has rows.

    Whole (config.meta.whole: true): a small table without event_date, of reference data alone (seeds, what the project
    declares), replaced where it differs.

    The yml describes every column with its data_type (contract); the SQL must give just these.
    What is no table but a question over marts and rollups is a model with materialized='lake_view'.
#}
{% materialization mart, adapter='duckdb' %}
    {{ return(catchment_table('marts', 'mart')) }}
{% endmaterialization %}

{# What rollups and marts share: a contract table, the typed relation on the unit target, and the hand-over to Python. #}
{% macro catchment_table(schema, action) %}
    {%- set target_relation = this.incorporate(type='table' if target.name == 'unit' else 'view') -%}
    {% call statement('main') -%}
        create schema if not exists {{ target_relation.schema }};
        {% if target.name == 'unit' -%}
        create or replace table {{ target_relation }} as ({{ sql }});
        {%- else -%}
        create or replace table {{ target_relation.schema }}.{{ target_relation.identifier }}__contract as ({{ typed_columns() }});
        {%- endif %}
    {%- endcall %}
    {% do adapter.commit() %}
    {% if target.name != 'unit' %}
        {%- set folds = {} -%}
        {%- for column in model.columns.values() if column.config.get('meta', {}).get('fold') -%}
            {%- do folds.update({column.name: column.config.meta.fold}) -%}
        {%- endfor -%}
        {% do adapter.store_relation('catchment', target_relation, [], schema ~ '/' ~ this.identifier, 'delta', {
            'action': action, 'model': model.name, 'sql': sql, 'meta': config.get('meta', {}), 'folds': folds,
            'refs': model.refs | map(attribute='name') | list, 'description': model.description}) %}
    {% endif %}
    {{ return({'relations': [target_relation]}) }}
{% endmacro %}
