{{ config(materialized='lake_view') }}

with

evidence as (

    select * from {{ ref('rollup_identity_login') }}

),

days as (

    select
        evidence.*,
        case
            when method in ('directory_record', 'sso_session_name') then 3
            when method = 'saml_name_id' and login_kind <> 'aws_role_session' then 3
            when method in ('saml_name_id', 'same_email') then 2
            when method = 'session_name' then 1
            else 0
        end as strength
    from evidence

),

-- Every way in which a login is tied to an address.
ties as (

    select
        login_kind,
        login_uid,
        email,
        method,
        strength,
        max(max(last_seen_dt)) over (partition by login_kind, login_uid, strength, email) as tied_until_dt,
        coalesce(
            min(case when strength >= 2 then email end) over (partition by login_kind, login_uid)
            <> max(case when strength >= 2 then email end) over (partition by login_kind, login_uid),
            false
        ) as is_contradicted
    from days
    group by login_kind, login_uid, email, method, strength

),

ranked as (

    select
        ties.*,
        row_number() over (
            partition by login_kind, login_uid
            order by strength desc, tied_until_dt desc, email asc, method asc
        ) as choice
    from ties

),

chosen as (

    select * from ranked
    where choice = 1

),

named as (

    select
        days.*,
        chosen.method as chosen_method,
        chosen.strength as chosen_strength,
        chosen.email as chosen_email,
        chosen.is_contradicted,
        row_number() over (
            partition by days.login_kind, days.login_uid order by days.last_seen_dt desc, days.evidence_event_uid asc
        ) as recency,
        row_number() over (
            partition by days.login_kind, days.login_uid
            order by
                case when coalesce(days.email, '') = coalesce(chosen.email, '') then days.strength else -1 end desc,
                days.last_seen_dt desc,
                days.evidence_event_uid asc
        ) as place
    from days
    inner join chosen
        on
            days.login_kind = chosen.login_kind
            and days.login_uid = chosen.login_uid

),

logins as (

    select
        login_kind,
        login_uid,
        max(chosen_method) as method,
        max(chosen_strength) as strength,
        max(chosen_email) as email,
        max(case when is_contradicted then 1 else 0 end) = 1 as is_contradicted,
        max(case when recency = 1 then login_name end) as login_name,
        max(case when recency = 1 then display_name end) as display_name,
        {{ distinct_texts('source') }} as sources,
        cast(sum(events) as bigint) as event_count,
        min(first_seen_dt) as first_seen_dt,
        max(last_seen_dt) as last_seen_dt,
        cast(count(*) as bigint) as evidence_count,
        {{ texts_by_position('evidence_event_uid', 'place', 1000) }} as evidence_event_uids
    from named
    group by login_kind, login_uid

),

-- The identity provider's users. Two of them with one address are two people until somebody says otherwise: the one
-- seen first holds the address, and what else is tied to it is tied to that person with little confidence.
users as (

    select
        logins.login_kind,
        logins.login_uid,
        logins.email,
        row_number() over (partition by logins.email order by logins.first_seen_dt, logins.login_uid) as holder,
        count(*) over (partition by logins.email) as holders
    from logins
    where logins.method = 'directory_record'

),

holders as (

    select
        email,
        {{ person_uid('email') }} as person_uid,
        holders > 1 as is_shared
    from users
    where holder = 1

),

-- Names that somebody could be taken by.
known_names as (

    select
        name,
        min(person_uid) as person_uid
    from (
        select
            email as name,
            person_uid
        from holders
        union all
        select
            split_part(email, '@', 1) as name,
            person_uid
        from holders
    ) as names
    group by name

),

judged as (

    select
        logins.*,
        case
            when users.holder > 1 then {{ sha256_hex("concat(logins.login_kind, ':', logins.login_uid)") }}
            when logins.strength >= 2 then {{ person_uid('logins.email') }}
        end as person_uid,
        case when logins.strength < 2 then known_names.person_uid end as resembles_person_uid,
        case
            when logins.is_contradicted then 'contradicted'
            when users.holder > 1 then 'email_of_another'
            when logins.strength >= 2 and holders.is_shared then 'email_shared'
            when logins.strength >= 2 and holders.email is null then 'not_in_idp'
            when logins.strength = 1 then 'self_chosen_name'
            when logins.strength = 0 and known_names.person_uid is not null then 'name_only'
        end as flag
    from logins
    left join users
        on
            logins.login_kind = users.login_kind
            and logins.login_uid = users.login_uid
    left join holders on logins.email = holders.email
    left join known_names on lower(logins.login_name) = known_names.name

),

final as (

    select
        -- whose
        person_uid,
        case
            when person_uid is not null then 'person'
            when flag is null and (login_kind like '%workload' or login_kind = 'aws_role') then 'workload'
            else 'unproven'
        end as identity_type,
        resembles_person_uid,
        -- which login
        login_kind,
        login_uid,
        login_name,
        display_name,
        email,
        -- why
        method,
        cast(
            case
                when person_uid is null then null
                when flag in ('contradicted', 'email_of_another', 'email_shared') then 1
                else strength
            end as integer
        ) as confidence_id,
        flag,
        sources,
        event_count,
        first_seen_dt,
        last_seen_dt,
        evidence_count,
        evidence_event_uids
    from judged

)

select * from final
