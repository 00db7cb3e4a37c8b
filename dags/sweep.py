"""Lists every source's whole place once a day, and plans what the ledger does not know.

`land_<source>` lists only the days that may be new. An object that came later than a source's overlap is found
here, and landed by the next run of `land_<source>`: this DAG only plans.

**When it is red**
1. The failed task names the source; its log ends with one line: the place and what is wrong with it.
2. `catchment doctor` checks the access; `catchment land SOURCE --sweep` does the same by hand, and lands at once.
3. A very large bucket takes long to list. Nothing waits for it; clear the task if it ran out of time.

**Safe at any time:** clear it, trigger it, run it beside `land_<source>`: two planners never plan one object twice.
**Not safe:** pausing it for good. Until it runs, an object that came too late stays unseen.
"""

import os
from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from catchment_connections import task_settings
from catchment_policy import DAG_DEFAULTS, LAND_POOL, TASK_DEFAULTS

from transforms.sources import registry

with DAG(
    dag_id="sweep",
    schedule=CronTriggerTimetable("17 3 * * *", timezone="UTC"),
    default_args=TASK_DEFAULTS | {"pool": LAND_POOL, "execution_timeout": timedelta(hours=6)},
    doc_md=__doc__,
    tags=["land"],
    **DAG_DEFAULTS,
):
    for source in registry().values():

        @task(task_id=source.name)
        def plan(source_name: str) -> None:
            from transforms import land

            if f"CATCHMENT_{source_name.upper()}_FROM" not in os.environ:
                raise AirflowSkipException(f"{source_name} is not configured")
            planned = land.plan(task_settings(source_name), source_name, sweep=True)
            print(f"objects that were missed: {planned.objects}")
            if planned.failed:
                raise AirflowFailException("; ".join(map(str, planned.failed)))

        plan(source.name)
