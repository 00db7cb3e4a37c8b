{#
    An OCSF class table: created from the contract in the model's yml, filled by the staging models that route into it.
    That its columns are those of the contract is asked on the unit target, and not again in every run.
#}
{% materialization ocsf_class, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='table' if target.name == 'unit' else 'view') -%}
    {{ run_hooks(pre_hooks) }}
    {% call statement('main') -%}
        {% if target.name == 'unit' -%}
        {{ get_assert_columns_equivalent(sql) }}
        {%- endif %}
        create schema if not exists {{ target_relation.schema }};
        create or replace table {{ target_relation.schema }}.{{ target_relation.identifier }}{{ '' if target.name == 'unit' else '__contract' }} as ({{ sql }});
    {%- endcall %}
    {% do adapter.commit() %}
    {% if target.name != 'unit' %}
        {#- What a rebuild empties, only a run that fills it again may empty. -#}
        {%- set routes = graph.nodes.values() | selectattr('config.materialized', 'equalto', 'ocsf_route') | list -%}
        {%- set sources = [] -%}
        {%- for route in routes if model.unique_id in route.depends_on.nodes -%}
            {%- do sources.append(route.sources[0][1]) -%}
        {%- endfor -%}
        {% do adapter.store_relation('catchment', target_relation, [], 'ocsf/' ~ this.identifier, 'delta', {
            'action': 'create_class', 'class_uid': config.get('meta')['class_uid'], 'sources': sources,
            'fills': routes | selectattr('unique_id', 'in', selected_resources) | list | length > 0}) %}
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
