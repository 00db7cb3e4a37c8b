"""Lands what is new from **{title}** into `bronze/{name}`, and tells `normalise` when there was something.

`plan` commits what is to be read; `land` works lanes in the planned order, in one task where there is little to read;
`announce` emits the asset. Nothing to land is normal: both are skipped. Paused without `CATCHMENT_{upper}_FROM`.

**When it is red**
1. The failed task's log ends with one line naming the source, the object and the position.
2. `catchment status` shows this source's open plans, lag and quarantine; `catchment doctor` its access.
3. Access denied or not found: mend the credentials or `CATCHMENT_{upper}_FROM`. Nothing is lost meanwhile. Where one
   place of several is, the others land and lane -1 is red: the log of `plan` says which.
4. Something is missing: trigger it with `sweep` set, and everything is listed, as `sweep` does each night.
5. A broken object is quarantined after a few attempts and its lane moves on: `catchment quarantine list`.

**Safe at any time:** clear or trigger it, run `catchment land {name}` beside it, kill it, pause it for days.
A step commits its rows with the proof of what it consumed: a repeat adds nothing.
**Not safe:** deleting rows of `ops/ledger` or an object that is planned and not yet landed.
"""

import os
from datetime import timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, DeltaTriggerTimetable, get_parsing_context, task
from catchment_connections import task_settings
from catchment_policy import DAG_DEFAULTS, TASK_DEFAULTS, bronze, landing

from transforms.sources import get, registry

dag_id = get_parsing_context().dag_id or ""  # of the task that this process is for: other DAGs would cost it time
for source in [get(dag_id.removeprefix("land_"))] if dag_id.startswith("land_") else registry().values():
    with DAG(
        dag_id=f"land_{source.name}",
        schedule=DeltaTriggerTimetable(source.cadence),
        default_args=TASK_DEFAULTS | landing(source.cadence),
        is_paused_upon_creation=f"CATCHMENT_{source.name.upper()}_FROM" not in os.environ,
        params={"sweep": False},
        doc_md=__doc__.format(title=source.title, name=source.name, upper=source.name.upper()),
        tags=["land", source.name],
        **DAG_DEFAULTS,
    ):

        @task(execution_timeout=timedelta(minutes=30))
        def plan(source_name: str, params: dict) -> list[list[int]]:
            from transforms import land

            return land.plan(task_settings(source_name), source_name, sweep=params["sweep"]).work

        @task(execution_timeout=timedelta(hours=1), map_index_template="lanes {{ task.op_kwargs['lanes'] }}")
        def land(source_name: str, lanes: list[int]) -> None:
            from transforms import land

            print(*land.land_lanes(task_settings(source_name), source_name, lanes), sep="\n")

        @task(outlets=[bronze(source.name)], trigger_rule="all_done_min_one_success")
        def announce() -> None:
            """Emit the asset once, although a lane may have failed: the others' rows are committed."""

        landed = land.partial(source_name=source.name).expand(lanes=plan(source.name))
        landed >> announce()
        landed >> EmptyOperator(task_id="all_lanes", trigger_rule="none_failed")  # red when a lane is
