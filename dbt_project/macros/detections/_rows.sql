{#
    The rows of one or several inputs that a condition matches, with the key of their entity.
    kind      'new' (rows not consumed yet) or 'seen' (the snapshot of the days that they touch)
    input     a relation, or a list of relations that all have the columns used; a member {relation, derive} has
              expressions of its own for what the relations name differently
    where     condition on an input's own columns; it is applied first
    entity    columns (or names from `derive` and `explode`) that together name who or what a finding is about;
              a row with a null in one of them, `nullable` aside, is not about an entity and is left out
    columns   columns to keep beside entity_key, time_ms and event_uid
    derive    name -> expression over the input's columns
    explode   name -> expression of a list: one row for each member
#}
{% macro detection_rows(kind, input, where, entity, columns=[], derive={}, explode={}, nullable=[]) -%}
    {%- for member in (input if input.render is not defined else [input]) %}
    {%- set relation = member if member.render is defined else member['relation'] %}
    {%- set own = {} if member.render is defined else member['derive'] %}
    {{ 'union all' if not loop.first }}
    select
        {{ entity_key(entity) }} as entity_key,
        matching.time as time_ms,
        matching.event_uid
        {%- for column in columns %},
        matching.{{ column }}
        {%- endfor %}
    from (
        select
            input_rows.*
            {%- for name, expression in dict(derive, **own).items() %},
            {{ expression }} as {{ name }}
            {%- endfor %}
            {%- for name, expression in explode.items() %},
            {{ one_row_each(expression) }} as {{ name }}
            {%- endfor %}
        from {{ new_rows(relation) if kind == 'new' else seen_rows(relation) }} as input_rows
        where {{ where }}
    ) as matching
    where matching.time is not null
        {%- for column in entity if column not in nullable %}
        and matching.{{ column }} is not null
        {%- endfor %}
    {%- endfor %}
{%- endmacro %}

{# What every finding tells of its actor, origin and resource: columns that every class has. #}
{% macro detection_subject_columns() -%}
    {{ return([
        'actor_user_name', 'actor_user_uid', 'src_endpoint_ip', 'cloud_provider', 'cloud_account_uid', 'cloud_region',
        'resource_uid', 'resource_name', 'resource_type']) }}
{%- endmacro %}

{# Subject columns, entity and further columns, each once. #}
{% macro detection_columns(entity, columns) -%}
    {{ return((detection_subject_columns() + entity + columns) | unique | list) }}
{%- endmacro %}
