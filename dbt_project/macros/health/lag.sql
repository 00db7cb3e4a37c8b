{# Bounds of the histogram of lag, in seconds: a minute to a week. #}
{% macro lag_bounds() -%}
    {{ return([60, 300, 900, 3600, 21600, 86400, 604800]) }}
{%- endmacro %}

{# Aggregates: for each bound the rows that landed within it, by their lag in milliseconds. #}
{% macro lag_counts(lag_ms) -%}
    {%- for bound in lag_bounds() %}
        cast(sum(case when {{ lag_ms }} <= {{ bound * 1000 }} then 1 else 0 end) as bigint) as lag_{{ bound }}s_count{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# Aggregates: the counts of several hours, where a condition holds. #}
{% macro lag_sums(condition) -%}
    {%- for bound in lag_bounds() %}
        sum(case when {{ condition }} then lag_{{ bound }}s_count else 0 end) as lag_{{ bound }}s{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# Seconds within which half of `total` rows landed: a bound, or else `most`. Null where there are no rows. #}
{% macro lag_median(relation, total, most) -%}
    case
        when coalesce({{ total }}, 0) = 0 then null
        {%- for bound in lag_bounds() %}
        when {{ relation }}.lag_{{ bound }}s * 2 >= {{ total }} then {{ bound }}
        {%- endfor %}
        else {{ most }}
    end
{%- endmacro %}
