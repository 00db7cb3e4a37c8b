{#
    CTEs, the last of them called `name`, that tell what a day's total is measured against. Its baseline are the entity's
    earlier days of the same kind within `lookback_days`: Monday to Friday for a working day, else Saturday and Sunday, since
    one weekday alone has too few days. A day without a total is a 0 from the first day on. `totals` is a CTE with the
    entity's columns, `day` (since 1970), `first_day` (from which the entity is watched, within the lookback) and
    `total` (above 0); the new CTE has these and
      is_weekend
      days_learned  days of the baseline, zeros included
      expected      their median
      spread        how far the 90th percentile lies above it; at least a tenth of it, and at least 1
      highest       the largest
      deviation     (total - expected) / spread
    Ranks, not means: neither one burst nor a week of them moves the expectation. Most people touch most stores on less
    than half of their days, where median and MAD are both 0: hence the 90th percentile.
    Zeros need no rows: among n days the median is the (n / 2 + 1)th largest, the 90th percentile the (n / 10 + 1)th,
    and 0 where fewer days have a total.
#}
{% macro daily_baseline(name, totals, entity, lookback_days) -%}
{{ name }}_earlier as (

    select
        judged.{{ entity | join(', judged.') }},
        judged.day,
        earlier.total,
        row_number() over (
            partition by judged.{{ entity | join(', judged.') }}, judged.day order by earlier.total desc
        ) as place
    from {{ totals }} as judged
    inner join {{ totals }} as earlier
        on judged.day > earlier.day
        and earlier.day >= judged.day - {{ lookback_days }}
        and {{ is_weekend('judged.day') }} = {{ is_weekend('earlier.day') }}
        {%- for column in entity %}
        and judged.{{ column }} = earlier.{{ column }}
        {%- endfor %}

),

{{ name }}_learned as (

    select
        judged.*,
        {{ is_weekend('judged.day') }} as is_weekend,
        {{ days_of_kind('judged.day', 'judged.first_day') }} as days_learned
    from {{ totals }} as judged

),

{{ name }}_ranked as (

    select
        learned.{{ entity | join(', learned.') }},
        learned.day,
        max(case when earlier.place = cast(floor(learned.days_learned / 2) as int) + 1 then earlier.total end) as median_total,
        max(case when earlier.place = cast(floor(learned.days_learned / 10) as int) + 1 then earlier.total end) as high_total,
        max(earlier.total) as highest
    from {{ name }}_learned as learned
    inner join {{ name }}_earlier as earlier
        on learned.day = earlier.day
        {%- for column in entity %}
        and learned.{{ column }} = earlier.{{ column }}
        {%- endfor %}
    group by learned.{{ entity | join(', learned.') }}, learned.day

),

{{ name }}_spread as (

    select
        learned.*,
        coalesce(ranked.median_total, 0) as expected,
        coalesce(ranked.highest, 0) as highest,
        greatest(
            cast(coalesce(ranked.high_total, 0) - coalesce(ranked.median_total, 0) as double),
            cast(coalesce(ranked.median_total, 0) as double) / 10,
            cast(1 as double)
        ) as spread
    from {{ name }}_learned as learned
    left join {{ name }}_ranked as ranked
        on learned.day = ranked.day
        {%- for column in entity %}
        and learned.{{ column }} = ranked.{{ column }}
        {%- endfor %}

),

{{ name }} as (

    select
        spread.*,
        (spread.total - spread.expected) / spread.spread as deviation
    from {{ name }}_spread as spread

),
{%- endmacro %}
