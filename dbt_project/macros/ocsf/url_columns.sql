{# The six columns of a URL as a log writes it: absolute, or without scheme and host; none of them where it is NULL. #}
{% macro url_columns(url) -%}
    {%- set authority = "regexp_extract(" ~ url ~ ", '^[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)', 1)" -%}
    {{ url }} as url_string,
    nullif(lower(regexp_extract({{ url }}, '^([A-Za-z][A-Za-z0-9+.-]*)://', 1)), '') as url_scheme,
    nullif(regexp_replace({{ authority }}, ':[0-9]*$', ''), '') as url_hostname,
    try_cast(nullif(regexp_extract({{ authority }}, ':([0-9]+)$', 1), '') as integer) as url_port,
    nullif(regexp_extract({{ url }}, '^([A-Za-z][A-Za-z0-9+.-]*://[^/?#]*)?([^?#]*)', 2), '') as url_path,
    nullif(regexp_extract({{ url }}, '[?]([^#]*)', 1), '') as url_query
{%- endmacro %}
