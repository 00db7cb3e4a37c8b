{# Aggregate: the value of the last row, by `order`, of those that have one. #}
{% macro latest(expression, order='place') -%}
    max_by({{ expression }}, {{ order }}) filter (where {{ expression }} is not null)
{%- endmacro %}
