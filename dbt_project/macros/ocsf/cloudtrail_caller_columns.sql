{#
    Who called AWS and from where, out of a record of CloudTrail, whichever log brings it. These must be in scope: `event`
    with the record's userIdentity, eventSource, sourceIPAddress and vpcEndpointId, `identity` and `session` (its
    sessionContext), `actor_name`, `actor_uid` and `is_from_ip`. `service` is an expression: who acts where nobody is named.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
#}
{% macro cloudtrail_caller_columns(service) -%}
    -- actor
    actor_name as actor_user_name,
    actor_uid as actor_user_uid,
    nullif(identity.principalId, '') as actor_user_uid_alt,
    identity.type as actor_user_type,
    cast(
        case
            when identity.type = 'Root' then 2
            when identity.type in ('IAMUser', 'IdentityCenterUser') then 1
            when identity.type = 'AWSService' then 3
            when identity.type is not null then 99
        end as integer
    ) as actor_user_type_id,
    coalesce(nullif(identity.accountId, ''), session.sessionIssuer.accountId) as actor_user_account_uid,
    coalesce(nullif(identity.accessKeyId, ''), identity.credentialId) as actor_user_credential_uid,
    case when identity.type in ('AssumedRole', 'FederatedUser') then nullif(identity.principalId, '') end as actor_session_uid,
    nullif(session.sessionIssuer.arn, '') as actor_session_issuer,
    case session.attributes.mfaAuthenticated when 'true' then true when 'false' then false end as actor_session_is_mfa,
    case
        when actor_name is null and actor_uid is null and identity.invokedBy is null
            then {{ service }}
    end as actor_app_name,
    coalesce(identity.identityProvider, identity.onBehalfOf.identityStoreArn) as actor_idp_name,
    nullif(identity.invokedBy, '') as actor_invoked_by,
    -- network
    case when is_from_ip then event.sourceIPAddress end as src_endpoint_ip,
    case when not is_from_ip and event.sourceIPAddress like '%.%' then event.sourceIPAddress end as src_endpoint_domain,
    case
        when event.sourceIPAddress is null or event.sourceIPAddress = ''
            then coalesce(identity.invokedBy, {{ service }})
        when not is_from_ip then event.sourceIPAddress
    end as src_endpoint_svc_name,
    nullif(event.vpcEndpointId, '') as src_endpoint_vpc_uid
{%- endmacro %}

{#
    actor_name and actor_uid, out of `identity`, `session`, and `extra` (the record's additionalEventData). `unnamed` is an
    expression: the uid of a record that has no identity.
#}
{% macro cloudtrail_caller_names(unnamed=none) -%}
    -- who acted
    case
        when identity.type = 'Root' then 'root'
        when identity.type = 'AssumedRole'
            then coalesce(nullif(split_part(identity.arn, ':assumed-role/', 2), ''), session.sessionIssuer.userName)
        when identity.type = 'FederatedUser'
            then coalesce(nullif(split_part(identity.arn, ':federated-user/', 2), ''), identity.userName)
        else coalesce(nullif(identity.userName, ''), extra.UserName)
    end as actor_name,
    coalesce(nullif(identity.arn, ''), identity.onBehalfOf.userId, nullif(identity.principalId, '')
    {%- if unnamed %}, {{ unnamed }}{% endif %}) as actor_uid
{%- endmacro %}
