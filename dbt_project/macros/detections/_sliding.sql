{#
    CTEs `{prefix}starts` and `{prefix}changes`: how the number of distinct values within the trailing window changes.
    Each occurrence at t keeps its value alive over [t, t + window): occurrences that follow within the window merge
    into one interval. An interval's begin is +1, its end -1; an occurrence that begins none is 0. Ends come first
    among changes at one instant (`turn`): the window is open at its old end. Window functions only.
    rows   CTE with entity_key, window_ms, time_ms, event_uid and `value`
    per    further columns that are counted apart
#}
{% macro sliding_changes(rows, window_ms, per=[], prefix='') -%}
{%- set parts = ['entity_key'] + per -%}
{{ prefix }}starts as (

    select
        {%- for part in parts %}
        {{ rows }}.{{ part }},
        {%- endfor %}
        {{ rows }}.window_ms,
        {{ rows }}.time_ms,
        lag({{ rows }}.time_ms) over (
            partition by {% for part in parts %}{{ rows }}.{{ part }}, {% endfor %}{{ rows }}.value order by {{ rows }}.time_ms
        ) as before_ms,
        lead({{ rows }}.time_ms) over (
            partition by {% for part in parts %}{{ rows }}.{{ part }}, {% endfor %}{{ rows }}.value order by {{ rows }}.time_ms
        ) as after_ms
    from {{ rows }}

),

{{ prefix }}changes as (

    select
        {%- for part in parts %}
        begins.{{ part }},
        {%- endfor %}
        begins.window_ms,
        begins.time_ms as instant_ms,
        1 as turn,
        case when begins.before_ms is null or begins.time_ms - begins.before_ms >= {{ window_ms }} then 1 else 0 end as change
    from {{ prefix }}starts as begins
    union all
    select
        {%- for part in parts %}
        ends.{{ part }},
        {%- endfor %}
        cast(null as bigint) as window_ms,
        ends.time_ms + {{ window_ms }} as instant_ms,
        0 as turn,
        -1 as change
    from {{ prefix }}starts as ends
    where ends.after_ms is null or ends.after_ms - ends.time_ms >= {{ window_ms }}

)
{%- endmacro %}
