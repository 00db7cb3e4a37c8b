{#
    Who calls a cloud, as one principal over sessions: a person's session carries an e-mail address; the session names
    of machines change, their role does not.
#}
{% macro principal_of() -%}
    case when actor_user_uid like '%@%' then actor_user_uid else coalesce(actor_session_issuer, actor_user_uid) end
{%- endmacro %}
