{# An OCSF class table: created from the contract in the model's yml, filled by the staging models that route into it. #}
{% materialization ocsf_class, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='table' if target.name == 'unit' else 'view') -%}
    {{ run_hooks(pre_hooks) }}
    {% call statement('main') -%}
        {{ get_assert_columns_equivalent(sql) }}
        create schema if not exists {{ target_relation.schema }};
        create or replace table {{ target_relation.schema }}.{{ target_relation.identifier }}{{ '' if target.name == 'unit' else '__contract' }} as ({{ sql }});
    {%- endcall %}
    {% do adapter.commit() %}
    {% if target.name != 'unit' %}
        {% do adapter.store_relation('catchment', target_relation, [], 'ocsf/' ~ this.identifier, 'delta', {'action': 'create_class', 'class_uid': config.get('meta')['class_uid']}) %}
    {% endif %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# The whole body of a class model: no rows, one typed column for each of its contract. #}
{% macro ocsf_contract() -%}
    {{ typed_columns() }}
{%- endmacro %}

{# A query without rows that has the columns of the model's yml. #}
{% macro typed_columns() -%}
    select
    {%- for column in model.columns.values() %}
        cast(null as {{ column.data_type }}) as {{ adapter.quote(column.name) if column.quote else column.name }}{{ ',' if not loop.last }}
    {%- endfor %}
    where 1 = 0
{%- endmacro %}
