{#
    Okta's event types of a sign-in that a password decides, as a SQL list.
    https://developer.okta.com/docs/reference/api/event-types/
#}
{% macro okta_password_sign_ins() -%}
    (
        'user.session.start', 'user.authentication.auth', 'user.authentication.authenticate',
        'user.authentication.verify', 'user.authentication.auth_via_AD_agent',
        'user.authentication.auth_via_LDAP_agent', 'user.authentication.auth_via_inbound_delauth',
        'user.authentication.auth_via_radius', 'user.authentication.auth_via_richclient'
    )
{%- endmacro %}
