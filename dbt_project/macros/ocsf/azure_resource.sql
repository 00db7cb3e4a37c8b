{#
    What an Azure resource id says, whatever its case:
    /subscriptions/<id>/resourceGroups/<group>/providers/<namespace>/<type>/<name>[/<type>/<name>...].
    https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
#}
{% macro azure_subscription(resource) -%}
    nullif(regexp_extract(lower({{ resource }}), '/subscriptions/([^/]+)', 1), '')
{%- endmacro %}

{% macro azure_resource_type(resource) -%}
    nullif(regexp_extract(lower({{ resource }}), '/providers/([^/]+/[^/]+)/', 1), '')
{%- endmacro %}

{% macro azure_resource_name(resource) -%}
    nullif(regexp_extract(lower({{ resource }}), '/providers/[^/]+/[^/]+/([^/]+)', 1), '')
{%- endmacro %}
