{# Days of a day's kind (working days, or weekends) from `first_day` to the day before; 0 where that is null. #}
{% macro days_of_kind(day, first_day) -%}
    case
        when {{ first_day }} is null then 0
        when {{ is_weekend(day) }} then {{ weekend_days(day) }} - ({{ weekend_days(first_day) }})
        else {{ day }} - {{ first_day }} - ({{ weekend_days(day) }}) + ({{ weekend_days(first_day) }})
    end
{%- endmacro %}

{# 0 (Monday) to 6 (Sunday) of a day since 1970, which began on a Thursday. #}
{% macro day_index(day) -%}
    ((({{ day }} + 3) % 7 + 7) % 7)
{%- endmacro %}

{% macro is_weekend(day) -%}
    ({{ day_index(day) }} >= 5)
{%- endmacro %}

{# Saturdays and Sundays before a day since 1970, counted from any fixed week: only differences mean something. #}
{% macro weekend_days(day) -%}
    cast(({{ day }} + 3 - {{ day_index(day) }}) / 7 as int) * 2 + greatest({{ day_index(day) }} - 5, 0)
{%- endmacro %}

{# The English name of a day since 1970. #}
{% macro weekday_name(day) -%}
    case {{ day_index(day) }}
        {%- for name in ('Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday') %}
        when {{ loop.index0 }} then '{{ name }}'
        {%- endfor %}
        else 'Sunday'
    end
{%- endmacro %}
