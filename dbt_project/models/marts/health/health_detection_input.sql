with final as (

    {{ detection_inputs() }}

)

select * from final
