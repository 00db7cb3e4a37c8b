{# The Python half opens its handles before the first model, and commits the findings after the last. #}
{% macro catchment_begin() %}
    {% if execute and target.name != 'unit' and flags.WHICH in ('run', 'build') %}
        {% do adapter.store_relation('catchment', this or api.Relation.create(identifier='run'), [], '', 'delta', {'action': 'begin'}) %}
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
