{#- What answers a requirement says so itself: a detection or a mart by `requirement_ids` in its yml's meta. -#}
{%- set answers = [] -%}
{%- if execute -%}
    {%- for node in graph.nodes.values() | sort(attribute='name') if node.resource_type == 'model' -%}
        {%- set kind = 'detection' if node.name.startswith('det_') else 'mart' if node.fqn[1] == 'marts' -%}
        {%- for id in node.config.meta.get('requirement_ids', []) if kind -%}
            {%- do answers.append([id, kind, node.name]) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endif -%}
with requirements as (

    select * from {{ ref('requirements') }}

),

answers as (

    {{ text_rows(['requirement_id', 'kind', 'name'], answers) }}

),

answered as (

    select
        requirement_id,
        count(distinct name) as answer_count,
        {{ distinct_texts("case when kind = 'detection' then name end", 1000) }} as detections,
        {{ distinct_texts("case when kind = 'mart' then name end", 1000) }} as marts
    from answers
    group by requirement_id

),

final as (

    select
        cast(requirements.requirement_id as string) as requirement_id,
        cast(requirements.kind as string) as kind,
        cast(requirements.title as string) as title,
        cast(requirements.behaviours as integer) as behaviours,
        coalesce(answered.detections, {{ no_texts() }}) as detections,
        coalesce(answered.marts, {{ no_texts() }}) as marts,
        case
            when answered.answer_count >= requirements.behaviours then 'answered'
            when answered.answer_count > 0 then 'partly'
            else 'not yet'
        end as state
    from requirements
    left join answered on requirements.requirement_id = answered.requirement_id

)

select * from final
