{# A text with its percent-encoded bytes decoded, `+` left alone; as it stands where they are no UTF-8. #}
{% macro url_decoded(text) -%}
    {{ return(adapter.dispatch('url_decoded', 'catchment')(text)) }}
{%- endmacro %}

{% macro duckdb__url_decoded(text) -%}
    coalesce(try(url_decode({{ text }})), {{ text }})
{%- endmacro %}

{% macro spark__url_decoded(text) -%}
    coalesce(try_url_decode(replace({{ text }}, '+', '%2B')), {{ text }})
{%- endmacro %}
