{#
    A rollup: daily partial sums. The model's SQL groups new_rows(...) of its inputs (class tables; several by union
    all), and each run appends what the rows that it has not consumed add up to, in one commit that carries how far it
    has come. Rows are unique and only inserted, so sums of parts are exact, and a late row is one more part of its day.

    A model lies in models/rollups and is named rollup_<name>; its table is rollups/<name>. Its yml describes every
    column (contract): `event_date` is the partition, a measure says `config: {meta: {fold: sum}}` (or min, max), every
    other column is a key. The view rollups.<name> folds the parts: one row for each key.
    Consumers (detections, marts) get the parts from new_rows(ref('rollup_<name>')) and seen_rows(...), and fold them
    themselves: sum(measure) ... group by key.
#}
{% materialization rollup, adapter='duckdb' %}
    {{ return(catchment_table('rollups', 'roll')) }}
{% endmaterialization %}
