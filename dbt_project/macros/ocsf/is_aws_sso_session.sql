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
