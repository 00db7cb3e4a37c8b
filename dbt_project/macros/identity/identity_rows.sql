{#
    What the new rows of one class say about logins, a row an event: login_kind, login_uid, login_name, display_name,
    email (the address that the event ties the login to, lower case; null where it ties it to nobody) and method:
      directory_record  the identity provider's own record of the user
      saml_name_id      the address that the identity provider asserted
      sso_session_name  IAM Identity Center named the session by the directory's user
      same_email        another directory knows the login by this address
      session_name      whoever opened the session called it so
      none              nothing ties the login to a person
    Who fails to sign in has not proved to be anybody.
#}
{% macro identity_rows(relation) -%}
{%- set provider = "lower(coalesce(cloud_provider, metadata_product_vendor_name))" -%}
{%- set session_name = "split_part(actor_user_uid, '/', 3)" %}
    select
        event_date,
        source,
        time_dt,
        event_uid,
        case
            when {{ is_aws_sso_session() }} then 'aws_sso_session'
            when cloud_provider = 'AWS' and actor_user_uid like '%:assumed-role/%@%' then 'aws_role_session'
            when cloud_provider = 'AWS' and actor_session_issuer is not null then 'aws_role'
            when cloud_provider = 'AWS' and actor_user_type = 'IAMUser' then 'aws_iam_user'
            when cloud_provider = 'AWS' then 'aws_other'
            when actor_user_type_id = 1 then concat({{ provider }}, '_user')
            else concat({{ provider }}, '_workload')
        end as login_kind,
        case
            when cloud_provider = 'AWS' and actor_user_uid not like '%:assumed-role/%@%' then coalesce(actor_session_issuer, actor_user_uid)
            -- a handle names the same account in any case, and not every record has the number behind it
            when metadata_product_vendor_name in ('{{ linked_by_assertion() | join("', '") }}') then lower(actor_user_name)
            when actor_user_uid = actor_user_email_addr then lower(actor_user_uid)
            else coalesce(actor_user_uid, lower(actor_user_name))
        end as login_uid,
        case
            when cloud_provider = 'AWS' and actor_user_uid like '%:assumed-role/%@%' then {{ session_name }}
            when cloud_provider = 'AWS' and actor_session_issuer is not null then split_part(actor_user_name, '/', 1)
            else actor_user_name
        end as login_name,
        case
            when metadata_product_vendor_name in ('{{ identity_providers() | join("', '") }}') then {{ json_at('unmapped', '$.actor.displayName') }}
        end as display_name,
        case
            when cloud_provider = 'AWS' and actor_user_uid like '%:assumed-role/%@%' then lower({{ session_name }})
            when cloud_provider = 'AWS' then cast(null as string)
            when actor_user_type_id = 1 then lower(actor_user_email_addr)
        end as email,
        case
            when {{ is_aws_sso_session() }} then 'sso_session_name'
            when cloud_provider = 'AWS' and actor_user_uid like '%:assumed-role/%@%' then 'session_name'
            when cloud_provider = 'AWS' or actor_user_email_addr is null or coalesce(actor_user_type_id, 0) <> 1 then 'none'
            when metadata_product_vendor_name in ('{{ identity_providers() | join("', '") }}') then 'directory_record'
            when metadata_product_vendor_name in ('{{ linked_by_assertion() | join("', '") }}') then 'saml_name_id'
            else 'same_email'
        end as method
    from {{ new_rows(relation) }}
    where coalesce(actor_user_uid, actor_user_name) is not null
        -- on the way into a role: not a login yet, see saml_rows
        and coalesce(actor_user_type, '') not in ('SAMLUser', 'WebIdentityUser', 'AWSService', 'AWSAccount')
        and not (class_uid = 3002 and coalesce(status_id, 0) = 2)
{%- endmacro %}

{#
    The role sessions that people opened by SAML, tied to the address that the identity provider asserted. Into a role of
    IAM Identity Center only its own provider leads; other providers assert what those who set them up let them.
#}
{% macro saml_rows(relation) %}
    select
        event_date,
        source,
        time_dt,
        event_uid,
        case
            when {{ json_at('api_request_data', '$.roleArn') }} like 'arn:%:role/aws-reserved/sso.amazonaws.com/%' then 'aws_sso_session'
            else 'aws_role_session'
        end as login_kind,
        user_uid as login_uid,
        split_part(user_uid, '/', 3) as login_name,
        cast(null as string) as display_name,
        lower(actor_user_name) as email,
        'saml_name_id' as method
    from {{ new_rows(relation) }}
    where api_operation = 'AssumeRoleWithSAML'
        and cloud_provider = 'AWS'
        and status_id = 1
        and user_uid like '%:assumed-role/%'
        and actor_user_name like '%@%'
{%- endmacro %}
