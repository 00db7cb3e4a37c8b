{#-
    What happened to each detection in each account is a list of spans of whole hours; every hour in which none of them
    lies is CLEAN. Where several lie, what fired stands before what was blind. Hours are counted since 1970, both ends in.
-#}
with flow as (

    select
        source,
        account_uid,
        class_name,
        {{ hour_no('hour_dt') }} as hour_no
    from {{ ref('rollup_health_source_hour') }}
    where rows_count > ahead_count
    group by source, account_uid, class_name, {{ hour_no('hour_dt') }}

),

inputs as (

    select * from {{ ref('health_detection_input') }}

),

runs as (

    select
        *,
        row_number() over (partition by detection order by run_at desc) as newest,
        max(case when status = 'succeeded' then run_at end) over (partition by detection) as last_success
    from {{ source('ops', 'detection_runs') }}

),

findings as (

    select
        analytic_uid as detection,
        cloud_account_uid as account_uid,
        title,
        {{ hour_no('first_seen_dt') }} as first_hour,
        {{ hour_no('last_seen_dt') }} as last_hour
    from {{ ref('findings') }}
    where revision_kind <> 'withdrawn'

),

watermark as (

    select max(hour_no) as lake_hour from flow

),

-- which sources and accounts a detection judges

routes as (

    select
        source,
        class_name,
        account_uid,
        min(hour_no) as first_hour
    from flow
    group by source, class_name, account_uid

),

vendors as (

    select distinct inputs.domain
    from inputs
    inner join routes on routes.source like concat(inputs.domain, '\_%') escape '\'

),

links as (

    select distinct
        inputs.detection,
        routes.source,
        routes.class_name
    from inputs
    inner join routes on inputs.class_name = routes.class_name
    left join vendors on inputs.domain = vendors.domain
    where vendors.domain is null or routes.source like concat(inputs.domain, '\_%') escape '\'

),

feeds as (

    -- A source that speaks for an account feeds the detection, whether events of the class that it needs occur or not.
    select
        links.detection,
        links.source,
        routes.account_uid,
        min(routes.first_hour) as first_hour
    from links
    inner join routes on links.source = routes.source
    group by links.detection, links.source, routes.account_uid

),

vendor_accounts as (

    -- An account of the same vendor whose other logs arrive is judged too: what a detection needs may not be among them.
    select
        inputs.detection,
        routes.account_uid,
        min(routes.first_hour) as first_hour
    from inputs
    inner join routes on routes.source like concat(inputs.domain, '\_%') escape '\'
    where routes.account_uid <> '-'
    group by inputs.detection, routes.account_uid

),

lives as (

    select
        detection,
        account_uid,
        min(first_hour) as life_from,
        max(is_fed) as is_fed
    from (
        select
            detection,
            account_uid,
            first_hour,
            cast(1 as integer) as is_fed
        from feeds
        union all
        select
            detection,
            account_uid,
            first_hour,
            cast(0 as integer) as is_fed
        from vendor_accounts
    ) as known
    group by detection, account_uid

),

-- spans

latest as (

    select
        detection,
        status,
        {{ hour_no('unread_from') }} as unread_from,
        {{ hour_no('unread_to') }} as unread_to
    from runs
    where newest = 1

),

failing as (

    select
        detection,
        min(run_at) as since_dt
    from runs
    where status = 'failed' and (last_success is null or run_at > last_success)
    group by detection

),

judged as (

    select
        detection,
        max({{ hour_no('judged_to') }}) as judged_hour
    from runs
    where status = 'succeeded'
    group by detection

),

unjudged as (

    select
        links.detection,
        flow.account_uid,
        min(flow.hour_no) as first_hour,
        max(flow.hour_no) as last_hour
    from links
    inner join flow on links.source = flow.source and links.class_name = flow.class_name
    left join judged on links.detection = judged.detection
    where judged.judged_hour is null or flow.hour_no > judged.judged_hour
    group by links.detection, flow.account_uid

),

spans as (

    select
        lives.detection,
        lives.account_uid,
        cast(2 as integer) as gravity,
        findings.first_hour,
        findings.last_hour,
        cast(null as string) as reason
    from lives
    inner join findings
        on
            lives.detection = findings.detection
            and (findings.account_uid is null or lives.account_uid = findings.account_uid)

    union all

    select
        feeds.detection,
        feeds.account_uid,
        cast(1 as integer) as gravity,
        {{ hour_no('silences.start_dt') }} as first_hour,
        {{ hour_no('silences.end_dt') }} - 1 as last_hour,
        concat(feeds.source, ' was silent') as reason
    from feeds
    inner join {{ ref('health_silence') }} as silences
        on feeds.source = silences.source and feeds.account_uid = silences.account_uid

    union all

    select
        feeds.detection,
        feeds.account_uid,
        cast(1 as integer) as gravity,
        {{ hour_no('nulls.start_dt') }} as first_hour,
        {{ hour_no('nulls.end_dt') }} - 1 as last_hour,
        concat(nulls.column_name, ' was null in all rows of ', nulls.source) as reason
    from {{ ref('health_null_column') }} as nulls
    inner join inputs on nulls.class_name = inputs.class_name and nulls.column_name = inputs.column_name
    inner join feeds on inputs.detection = feeds.detection and nulls.source = feeds.source

    union all

    select
        feeds.detection,
        feeds.account_uid,
        cast(1 as integer) as gravity,
        {{ hour_no('entries.events_from_dt') }} as first_hour,
        {{ hour_no('entries.events_to_dt') }} as last_hour,
        concat(feeds.source, ' has records in quarantine') as reason
    from feeds
    inner join {{ ref('health_quarantine_entry') }} as entries on feeds.source = entries.source
    where entries.status = 'open'

    union all

    select
        lives.detection,
        lives.account_uid,
        cast(1 as integer) as gravity,
        latest.unread_from as first_hour,
        latest.unread_to as last_hour,
        concat('the detection fails since ', substr(cast(failing.since_dt as string), 1, 16)) as reason
    from lives
    inner join latest on lives.detection = latest.detection
    inner join failing on lives.detection = failing.detection
    where latest.status = 'failed'

    union all

    select
        unjudged.detection,
        unjudged.account_uid,
        cast(1 as integer) as gravity,
        unjudged.first_hour,
        unjudged.last_hour,
        'not judged yet' as reason
    from unjudged

    union all

    select
        lives.detection,
        lives.account_uid,
        cast(1 as integer) as gravity,
        lives.life_from as first_hour,
        watermark.lake_hour as last_hour,
        'what it reads never landed for this account' as reason
    from lives
    cross join watermark
    where lives.is_fed = 0

),

cut as (

    select
        spans.detection,
        spans.account_uid,
        spans.gravity,
        spans.reason,
        greatest(spans.first_hour, lives.life_from) as first_hour,
        least(spans.last_hour, watermark.lake_hour) as last_hour
    from spans
    inner join lives on spans.detection = lives.detection and spans.account_uid = lives.account_uid
    cross join watermark
    where spans.first_hour <= watermark.lake_hour and spans.last_hour >= lives.life_from

),

-- the hours at which anything begins or ends cut a life into pieces, each in one state

edges as (

    select
        detection,
        account_uid,
        first_hour as hour_no
    from cut
    union
    select
        detection,
        account_uid,
        last_hour + 1 as hour_no
    from cut
    union
    select
        detection,
        account_uid,
        life_from as hour_no
    from lives
    union
    select
        lives.detection,
        lives.account_uid,
        watermark.lake_hour + 1 as hour_no
    from lives
    cross join watermark

),

pieces as (

    select
        detection,
        account_uid,
        hour_no as first_hour,
        lead(hour_no) over (partition by detection, account_uid order by hour_no) as next_hour
    from edges

),

states as (

    select
        pieces.detection,
        pieces.account_uid,
        pieces.first_hour,
        pieces.next_hour,
        coalesce(max(cut.gravity), 0) as gravity,
        {{ joined_texts(distinct_texts('case when cut.gravity = 1 then cut.reason end', 5)) }} as reason
    from pieces
    left join cut
        on
            pieces.detection = cut.detection
            and pieces.account_uid = cut.account_uid
            and pieces.first_hour >= cut.first_hour
            and pieces.first_hour <= cut.last_hour
    where pieces.next_hour is not null
    group by pieces.detection, pieces.account_uid, pieces.first_hour, pieces.next_hour

),

neighbours as (

    select
        *,
        lag(gravity) over (partition by detection, account_uid order by first_hour) as last_gravity,
        coalesce(lag(reason) over (partition by detection, account_uid order by first_hour), '') as last_reason
    from states

),

spells as (

    select
        *,
        sum(case when last_gravity = gravity and last_reason = coalesce(reason, '') then 0 else 1 end) over (
            partition by detection, account_uid order by first_hour rows between unbounded preceding and current row
        ) as spell_no
    from neighbours

),

final as (

    select
        detection,
        account_uid,
        case max(gravity) when 2 then 'FIRED' when 1 then 'BLIND' else 'CLEAN' end as state,
        {{ hour_dt('min(first_hour)') }} as start_dt,
        {{ hour_dt('max(next_hour)') }} as end_dt,
        nullif(max(reason), '') as reason
    from spells
    group by detection, account_uid, spell_no

)

select * from final
