{#
    Who is meant by the actor of an AWS event. A person's session carries an e-mail address and stands for itself; the
    session names of machines change, their role does not.
#}
{% macro aws_principal() -%}
    case when actor_user_uid like '%@%' then actor_user_uid else coalesce(actor_session_issuer, actor_user_uid) end
{%- endmacro %}

{#
    Whether the actor is a session of a role that only IAM Identity Center opens: AWS reserves the path, and the session
    is named by the directory, not by who opens it. https://docs.aws.amazon.com/singlesignon/latest/userguide/sso-reserved-roles.html
#}
{% macro is_aws_sso_session() -%}
    (
        cloud_provider = 'AWS'
        and actor_user_uid like 'arn:%:assumed-role/AWSReservedSSO_%/%@%'
        and actor_session_issuer like 'arn:%:role/aws-reserved/sso.amazonaws.com/%'
    )
{%- endmacro %}
