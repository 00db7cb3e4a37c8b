{#
    What a model reads of its inputs. On the lake the Python half pins both before the model runs
    (transforms/warehouse): new_rows are the rows of the versions that this model has not consumed yet, seen_rows the
    snapshot of the days that those rows touch, as far back and ahead as the model's windows reach.
    On the unit target both are the relation itself.
#}
{% macro new_rows(relation) -%}
    {{ relation if target.name == 'unit' else catchment_input('new', relation) }}
{%- endmacro %}

{% macro seen_rows(relation) -%}
    {{ relation if target.name == 'unit' else catchment_input('seen', relation) }}
{%- endmacro %}

{% macro catchment_input(kind, relation) -%}
    catchment_{{ kind }}."{{ model.name }}__{{ relation.schema }}__{{ relation.identifier }}"
{%- endmacro %}
