"""Brings rollups and marts up to the OCSF tables: lineage, identity, access, health.

Runs after each `normalise`, beside `detect`. A mart that fails holds up no other; the next run computes it again.

**When it is red**
1. `all_succeeded` names the models that failed, `bring_up`'s log says why.
2. Run the same by hand: `catchment correlate`.
3. While a mart fails it is late, not wrong: it shows what it last committed.

**Safe at any time:** clear or trigger it, run `catchment correlate` beside it, kill it: a mart's days and the versions
that they came from are one commit.
**Not safe:** deleting files of a mart. To build one anew: pause, drop its folder, `catchment correlate`.
"""

from datetime import timedelta

from airflow.sdk import DAG, task
from catchment_connections import task_settings
from catchment_policy import DAG_DEFAULTS, MARTS, OCSF, TASK_DEFAULTS, WAREHOUSE_POOL, all_succeeded

with DAG(
    dag_id="correlate",
    schedule=[OCSF],
    default_args=TASK_DEFAULTS | {"pool": WAREHOUSE_POOL},
    doc_md=__doc__,
    tags=["warehouse", "marts"],
    **DAG_DEFAULTS,
):

    @task(execution_timeout=timedelta(hours=2), outlets=[MARTS])
    def bring_up() -> list[str]:
        """The names of the models that failed; the others' days are committed and announced."""
        from transforms.warehouse import runner

        result = runner.correlate(task_settings())
        print(result)
        return sorted(result.failed)

    all_succeeded(bring_up())
