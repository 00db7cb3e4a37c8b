{#
    Who an access is counted for. A person by the e-mail address that the directory vouches for, over all roles and
    clouds; a role by its ARN, whatever its session is called, since whoever opens a session chooses its name; a session
    that calls itself by an e-mail address without the directory's word by its own ARN, apart from the person.
#}
{% macro access_principal_uid() -%}
    case
        when {{ is_aws_sso_session() }} then lower(split_part(actor_user_uid, '/', 3))
        when cloud_provider = 'AWS'
            then coalesce({{ principal_of() }}, actor_user_name, actor_invoked_by, actor_app_name, 'unknown')
        else coalesce(lower(actor_user_email_addr), actor_user_uid, actor_user_name, actor_app_name, 'unknown')
    end
{%- endmacro %}

{# What the principal is: person, role, iam_user, service (of the cloud itself), workload or unknown. #}
{% macro access_principal_type() -%}
    case
        when {{ is_aws_sso_session() }} then 'person'
        when cloud_provider = 'AWS' and actor_session_issuer is not null then 'role'
        when cloud_provider = 'AWS' and actor_user_type = 'IAMUser' then 'iam_user'
        when cloud_provider = 'AWS' and actor_user_uid is null and actor_invoked_by is not null then 'service'
        when actor_user_type_id = 1 and actor_user_email_addr is not null then 'person'
        when actor_user_uid is not null then 'workload'
        else 'unknown'
    end
{%- endmacro %}
