"""Parses new bronze rows of every source once and appends them to the OCSF class tables.

Runs when any source landed something, and every quarter of an hour to pick up what a crash left behind.
One run at a time; it works in bounded batches until it has caught up.

**When it is red**
1. `all_succeeded` names the models that failed, `build`'s log says why. One broken source holds up no
   other: the rest is committed.
2. `catchment status` shows, for each source, how many bronze versions wait.
3. Run the same by hand: `catchment build`. A record that cannot be parsed is in `catchment quarantine list`.

**Safe at any time:** clear or trigger it, run `catchment build` beside it, kill it: rows and the versions
they came from are one commit, and of two rivals one starts again.
**Not safe:** dropping an OCSF table while it runs. To rebuild: pause, drop, `catchment build`.
"""

from datetime import timedelta

from airflow.sdk import DAG, AssetAny, AssetOrTimeSchedule, CronTriggerTimetable, task
from catchment_connections import task_settings
from catchment_policy import DAG_DEFAULTS, OCSF, TASK_DEFAULTS, WAREHOUSE_POOL, all_succeeded, bronze

from transforms.sources import registry

with DAG(
    dag_id="normalise",
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("*/15 * * * *", timezone="UTC"),
        assets=AssetAny(*(bronze(name) for name in registry())),
    ),
    default_args=TASK_DEFAULTS | {"pool": WAREHOUSE_POOL},
    doc_md=__doc__,
    tags=["warehouse", "ocsf"],
    **DAG_DEFAULTS,
):

    @task(execution_timeout=timedelta(hours=2), outlets=[OCSF])
    def build() -> list[str]:
        """The names of the models that failed; the asset is emitted all the same, for what was committed."""
        from transforms.warehouse import runner

        result = runner.build(task_settings())
        print(result)
        return sorted(result.failed)

    all_succeeded(build())
