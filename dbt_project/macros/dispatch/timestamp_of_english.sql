{# A timestamp with time zone from English text in UTC, as Java writes it: Jan 19, 2023, 10:46:15 PM; NULL for any other text. #}
{% macro timestamp_of_english(expression) -%}
    {{ return(adapter.dispatch('timestamp_of_english', 'catchment')(expression)) }}
{%- endmacro %}

{# Newer versions of Java write a narrow space before AM and PM. #}
{% macro duckdb__timestamp_of_english(expression) -%}
    timezone('UTC', try_strptime(regexp_replace({{ expression }}, '[^ -~]', ' ', 'g'), '%b %d, %Y, %I:%M:%S %p'))
{%- endmacro %}

{% macro spark__timestamp_of_english(expression) -%}
    try_to_timestamp(regexp_replace({{ expression }}, '[^ -~]', ' '), 'MMM d, yyyy, h:mm:ss a')
{%- endmacro %}
