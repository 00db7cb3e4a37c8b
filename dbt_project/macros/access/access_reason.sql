{#
    What is unusual about a row of `relation` (kind, operation, store_type, store_uid, network, value, expected, highest,
    denied, days_learned, weekday, day_kind), in words. Names from the log stand in it as they are: it is data.
#}
{% macro access_reason(relation) -%}
{%- set r = relation -%}
    case {{ r }}.kind
        when 'volume' then concat(
            case {{ r }}.operation
                when 'reads' then concat('read ', {{ number_text(r ~ '.value') }}, ' ', {{ access_noun(r) }}, ' of ', {{ r }}.store_uid)
                when 'writes' then concat('wrote ', {{ number_text(r ~ '.value') }}, ' ', {{ access_noun(r) }}, ' to ', {{ r }}.store_uid)
                when 'deletes' then concat('deleted ', {{ number_text(r ~ '.value') }}, ' ', {{ access_noun(r) }}, ' of ', {{ r }}.store_uid)
                else concat('listed ', {{ r }}.store_uid, ' ', {{ times_text(r ~ '.value') }})
            end,
            ' on a ', {{ r }}.weekday, '; on its ', {{ number_text(r ~ '.days_learned') }}, ' earlier ', {{ r }}.day_kind,
            case
                when {{ r }}.highest = 0 then ' none'
                else concat(' usually ', {{ number_text(r ~ '.expected') }}, ' and at most ', {{ number_text(r ~ '.highest') }})
            end
        )
        when 'new_store' then concat(
            'touched ', {{ r }}.store_uid, ' for the first time in {{ access_lookback_days() }} days, ',
            {{ times_text(r ~ '.value') }}, ' on a ', {{ r }}.weekday,
            case when {{ r }}.denied > 0 then concat(' (', {{ number_text(r ~ '.denied') }}, ' refused)') else '' end,
            '; in the week before it touched only stores that it knew'
        )
        when 'new_network' then concat(
            'touched ', {{ r }}.store_uid, ' ', {{ times_text(r ~ '.value') }}, ' from ', {{ r }}.network,
            ' on a ', {{ r }}.weekday, '; in {{ access_lookback_days() }} days it never came from there'
        )
        else concat(
            'touched ', {{ r }}.store_uid, ' ', {{ times_text(r ~ '.value') }}, ' on a ', {{ r }}.weekday,
            '; on its ', {{ number_text(r ~ '.days_learned') }}, ' earlier weekend days it touched no store at all'
        )
    end
{%- endmacro %}

{# How often, in words. #}
{% macro times_text(number) -%}
    case when {{ number }} = 1 then 'once' else concat({{ number_text(number) }}, ' times') end
{%- endmacro %}

{# What a store holds. #}
{% macro access_noun(relation) -%}
    case
        when {{ relation }}.store_type = 'bucket' then 'objects'
        when {{ relation }}.store_type in ('secret_store', 'key_vault') then 'secrets'
        when {{ relation }}.store_type = 'storage_account' then 'keys'
        else 'items'
    end
{%- endmacro %}
