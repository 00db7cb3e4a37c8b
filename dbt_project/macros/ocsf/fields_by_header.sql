{#
    CTEs that split new bronze rows by the header of each, for logs whose records are rows of columns: `split_rows` has
    the columns of bronze, the values as `fields`, and for each of `columns` its place among them, which `field_of` reads;
    `other_fields` gives the rest as JSON. The header is the attribute `fields`: text as it stood above the lines, or the
    list of names where a record is a JSON object. It is taken apart once, whatever the number of its rows. Names are
    compared in lower case, `-` as `_`. `loose` is the column whose values may hold the mark between fields: what a line has
    beyond its header belongs to it; none where there is no such column. `quoted`: fields stand between spaces, those with
    spaces in double quotes or brackets. `w3c`: the header is a `#Fields:` line, its values stand between tabs, or between
    spaces, which no value holds, and cs(Host) is compared as cs_host. Of more than a thousand columns only the named ones
    are read: looking for names that come twice costs their square.
#}
{% macro fields_by_header(bronze, columns, loose=none, quoted=false, w3c=false) -%}
{%- set mark = "chr(9)" if w3c else "case when header like '% %' then ' ' else ',' end" -%}
{%- set words = list_where("split(translate(substr(header, 9), chr(9), ' '), ' ')", "item <> ''") if w3c else 'split(header, ' ~ mark ~ ')' -%}
{%- set respaced = list_where("split(translate(raw, chr(9), ' '), ' ')", "item <> ''") -%}
{%- set known = [] -%}{%- for column in columns -%}{%- do known.append("'" ~ column ~ "'") -%}{%- endfor -%}
attributes_once as (

    select {{ each_once('attributes') }} as header_of from {{ new_rows(bronze) }}

),

header_texts as (

    select
        header_of,
        {{ json_at('header_of', '$.fields') }} as header
    from attributes_once

),

header_names as (

    select
        header_of,
        header like '[%' as is_json,
        {{ mark }} as mark,
        {{ list_map(
            "case when header like '[%' then " ~ parse_json('header', ['string']) ~ " else " ~ words ~ " end",
            "replace(replace(replace(lower(item), '-', '_'), '(', '_'), ')', '')" if w3c else "replace(lower(item), '-', '_')",
        ) }} as names
    from header_texts

),

headers as (

    select
        header_of,
        is_json,
        mark,
        names,
        {{ list_length('names') }} as width,
        {%- if loose is not none %}
        {{ list_position('names', "'" ~ loose ~ "'") }} as place_loose,
        {%- endif %}
        {%- for column in columns %}
        {{ list_position('names', "'" ~ column ~ "'") }} as place_{{ column }},
        {%- endfor %}
        {{ list_where(
            'case when ' ~ list_length('names') ~ ' <= 1000 then ' ~ positions_of('names') ~ ' end',
            list_position('names', list_item('names', 'item')) ~ ' = item and ' ~ list_item('names', 'item')
            ~ ' not in (' ~ known | join(', ') ~ ')',
        ) }} as other_places
    from header_names

),

line_fields as (

    select
        rows_of_lines.*,
        headers.*,
        case when is_json then {{ json_values('raw') }} else {{ quoted_texts('raw') if quoted else 'split(raw, mark)' }} end as parts
    from {{ new_rows(bronze) }} as rows_of_lines
    left join headers on rows_of_lines.attributes = headers.header_of

),

split_rows as (

    select
        line_fields.*,
        {%- if w3c %}
        case when not is_json and {{ list_length('parts') }} <> width then {{ respaced }} else parts end as fields
        {%- elif loose is none %}
        parts as fields
        {%- else %}
        case
            when {{ list_length('parts') }} > width and place_loose is not null
                then {{ list_merged('parts', 'place_loose', '(' ~ list_length('parts') ~ ' - width)') }}
            else parts
        end as fields
        {%- endif %}
    from line_fields

)
{%- endmacro %}

{# A column's value in `split_rows`, as text: NULL where the record has none, or `-`. #}
{% macro field_of(column) -%}
    nullif({{ list_item('fields', 'place_' ~ column) }}, '-')
{%- endmacro %}

{# The columns of `split_rows` that nothing else reads, as JSON text. #}
{% macro other_fields() -%}
    {%- set filled = list_where('other_places', list_item('fields', 'item') ~ " <> '-'") -%}
    case
        when {{ list_length('other_places') }} > 0
            then {{ json_of_lists(list_map(filled, list_item('names', 'item')), list_map(filled, list_item('fields', 'item'))) }}
    end
{%- endmacro %}
