{# A model's schema is the lake's own word (ocsf, findings), never prefixed by a target's. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name if custom_schema_name is not none else target.schema }}
{%- endmacro %}

{# ocsf_api_activity is ocsf.api_activity to those who query it, rollup_access_day rollups.access_day. #}
{% macro generate_alias_name(custom_alias_name=none, node=none) -%}
    {%- if custom_alias_name -%}{{ custom_alias_name | trim }}
    {%- elif node.resource_type == 'model' and node.name.startswith('ocsf_') -%}{{ node.name[5:] }}
    {%- elif node.resource_type == 'model' and node.name.startswith('rollup_') -%}{{ node.name[7:] }}
    {%- else -%}{{ node.name }}
    {%- endif -%}
{%- endmacro %}
