{#
    Compares a shape's arguments with what the model's yml declares for readers and for the run; raises where they
    differ. `days` is how far the shape looks back and ahead of a day that new rows touch. Yields no SQL.
    A window is given in minutes, and divides a day or is a whole number of days: so a bucket never shares a day's
    partition with the next but one.
#}
{% macro detection_declared(shape, entity, window, days) -%}
    {% if window < 1 or (1440 % window != 0 and window % 1440 != 0) %}
        {% do exceptions.raise_compiler_error(model.name ~ ": a window of " ~ window ~ " minutes neither divides a day nor is a number of days") %}
    {% endif %}
    {% if execute and model.resource_type == 'model' %}
        {% set meta = config.get('meta', {}) %}
        {% for key, given in {'shape': shape, 'entity': entity, 'window': window}.items() if meta.get(key) != given %}
            {% do exceptions.raise_compiler_error(model.name ~ ": meta." ~ key ~ " is " ~ meta.get(key) ~ ", its SQL says " ~ given) %}
        {% endfor %}
        {% for key in ('lookback_days', 'lookahead_days') if meta.get(key, 0) < days %}
            {% do exceptions.raise_compiler_error(model.name ~ ": meta." ~ key ~ " is " ~ meta.get(key, 0) ~ ", its shape needs " ~ days) %}
        {% endfor %}
    {% endif %}
{%- endmacro %}

{# Days beyond a touched day that a bucket and `buckets` more beside it reach. #}
{% macro detection_days(window, buckets) -%}
    {% set length = [window // 1440, 1] | max %}
    {{ return((length - 1) + (length if buckets else 0) if window >= 1440 else buckets) }}
{%- endmacro %}
