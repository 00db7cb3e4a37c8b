{# What answers requirements, as detections and marts say by `requirement_ids` in their meta: requirement_id, kind, name. #}
{% macro requirement_answers() -%}
    {%- set answers = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() | sort(attribute='name') if node.resource_type == 'model' -%}
            {%- set kind = 'detection' if node.name.startswith('det_') else 'mart' if node.fqn[1] == 'marts' -%}
            {%- for id in node.config.meta.get('requirement_ids', []) if kind -%}
                {%- do answers.append([id, kind, node.name]) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{ text_rows(['requirement_id', 'kind', 'name'], answers) }}
{%- endmacro %}

{# What detections read: detection, domain, class_name, column_name. #}
{% macro detection_inputs() -%}
    {%- set inputs = [] -%}
    {%- for detection in declared_detections() -%}
        {%- for table, columns in detection.inputs.items() -%}
            {%- for column in columns or [none] -%}
                {%- do inputs.append([detection.name, detection.domain, table[5:], column]) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ text_rows(['detection', 'domain', 'class_name', 'column_name'], inputs) }}
{%- endmacro %}
