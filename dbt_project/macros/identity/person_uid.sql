{# The uid of the person whom the identity provider knows by an e-mail address: the same on every day and in every mart. #}
{% macro person_uid(email) -%}
    {{ sha256_hex("concat('email:', lower(" ~ email ~ "))") }}
{%- endmacro %}

{# Vendors whose user records say who people are. The first user with an address holds it. #}
{% macro identity_providers() -%} {{ return(['Okta']) }} {%- endmacro %}

{# Vendors that report the e-mail address which the identity provider asserted when the login was linked. #}
{% macro linked_by_assertion() -%} {{ return(['GitHub']) }} {%- endmacro %}
