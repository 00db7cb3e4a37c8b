{# The Python half opens its handles before the first model, and commits the findings after the last. #}
{% macro catchment_begin() %}
    {% if execute and target.name != 'unit' and flags.WHICH in ('run', 'build') %}
        {% set reads = [] %}
        {% for unique_id in selected_resources if unique_id in graph.nodes and graph.nodes[unique_id].config.materialized != 'ocsf_route' %}
            {% for id in graph.nodes[unique_id].depends_on.nodes if id not in selected_resources %}
                {% set relation = graph.sources[id] if id in graph.sources else graph.nodes[id] %}
                {% set read = [relation.schema, relation.identifier or relation.alias] %}
                {% do reads.append(read) if relation.resource_type != 'seed' and read not in reads %}
            {% endfor %}
        {% endfor %}
        {% do adapter.store_relation('catchment', this or api.Relation.create(identifier='run'), [], '', 'delta', {
            'action': 'begin', 'reads': reads}) %}
    {% endif %}
{% endmacro %}

{% macro catchment_end(results) %}
    {% if execute and target.name != 'unit' and flags.WHICH in ('run', 'build') %}
        {% set statuses = {} %}
        {% for result in results if result.node.resource_type == 'model' %}
            {% do statuses.update({result.node.name: {'status': result.status | string, 'seconds': result.execution_time, 'message': result.message, 'refs': result.node.refs | map(attribute='name') | list}}) %}
        {% endfor %}
        {% do adapter.store_relation('catchment', api.Relation.create(identifier='run'), [], '', 'delta', {'action': 'end', 'statuses': statuses}) %}
    {% endif %}
{% endmacro %}
