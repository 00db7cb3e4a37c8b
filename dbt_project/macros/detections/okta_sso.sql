{#
    Okta handed somebody over to an application.
    https://developer.okta.com/docs/reference/api/event-types/
#}
{% macro okta_sso() -%}
    metadata_product_vendor_name = 'Okta' and metadata_event_code = 'user.authentication.sso' and status_id = 1
{%- endmacro %}
