{{ config(materialized='lake_view') }}

with

events as (

    select * from {{ ref('rollup_sdlc_event') }}

),

named as (

    select
        events.*,
        vcs_ref_revision as revision,
        false as is_merge
    from events
    union all
    select
        events.*,
        vcs_merge_revision as revision,
        true as is_merge
    from events

),

-- of a revision's first 12 digits, which is all that a pull request of Bitbucket tells, the whole where just one is known
wholes as (

    select
        vcs_provider,
        vcs_repository_name,
        substr(revision, 1, 12) as abbreviation,
        min(revision) as whole
    from named
    where length(revision) >= 40 and coalesce(provenance_verified, true)
    group by vcs_provider, vcs_repository_name, substr(revision, 1, 12)
    having min(revision) = max(revision)

),

resolved as (

    select
        named.*,
        coalesce(wholes.whole, named.revision) as whole_revision
    from named
    left join wholes
        on
            named.vcs_provider = wholes.vcs_provider
            and named.vcs_repository_name = wholes.vcs_repository_name
            and named.revision = wholes.abbreviation

),

placed as (

    select
        resolved.*,
        -- what the event says of the commit itself, and not of what uses it
        not is_merge and sdlc_event_type like 'commit.%' as is_told,
        row_number() over (
            partition by vcs_provider, vcs_repository_name, whole_revision
            order by time_dt, event_uid
        ) as place
    from resolved
    -- a revision says nothing without its repository; of a ref that came or went one side is all zeros
    where
        vcs_repository_name is not null
        and revision like '%_______'
        and replace(revision, '0', '') <> ''
        and not coalesce(is_failure and sdlc_event_type like 'commit.%', false)
        -- whoever forges a statement can name any commit in it
        and coalesce(provenance_verified, true)

),

final as (

    select
        vcs_provider,
        vcs_repository_name,
        whole_revision as vcs_ref_revision,
        {{ latest('vcs_repository_uid') }} as vcs_repository_uid,
        {{ latest('case when is_told then message end') }} as message,
        {{ latest('case when is_told then vcs_commit_author end') }} as vcs_commit_author,
        {{ latest('case when is_told then vcs_commit_author_email_addr end') }} as vcs_commit_author_email_addr,
        {{ latest('case when is_told then vcs_is_signature_verified end') }} as vcs_is_signature_verified,
        {{ latest('case when is_told then vcs_commit_signature end') }} as vcs_commit_signature,
        min_by(actor_user_name, place) filter (where is_told and sdlc_event_type = 'commit.pushed') as pushed_by,
        min(case when is_told and sdlc_event_type = 'commit.pushed' then time_dt end) as pushed_dt,
        coalesce(bool_or(is_merge), false) as is_merge,
        coalesce(bool_or(is_told and vcs_is_forced), false) as is_forced,
        {{ distinct_texts('case when not is_merge then vcs_ref_name end') }} as ref_names,
        {{ distinct_texts('vcs_change_uid') }} as change_uids,
        {{ distinct_texts('cicd_run_uid') }} as run_uids,
        min(time_dt) as first_seen_dt,
        max(time_dt) as last_seen_dt,
        {{ evidence() }}
    from placed
    group by vcs_provider, vcs_repository_name, whole_revision

)

select * from final
