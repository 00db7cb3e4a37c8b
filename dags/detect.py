"""Runs every detection over what is new in the OCSF tables and appends to `findings`.

Runs after each `normalise`. Detections are isolated: one that fails is recorded and retried from the version
it last consumed, the others go on.

**When it is red**
1. `all_succeeded` names the detections that failed, `run_detections`' log says why, and
   `catchment sql "from ops.detection_runs where status = 'failed'"` shows since when.
2. Run the same by hand: `catchment detect`. `catchment detections` lists what each one answers.
3. While a detection fails its findings are late, not lost: the next run starts where it stopped.

**Safe at any time:** clear or trigger it, run `catchment detect` beside it, kill it. A finding's id is a hash
of what it is about, so nothing alerts twice.
**Not safe:** editing rows of `findings`; revisions are only appended.
"""

from datetime import timedelta

from airflow.sdk import DAG, task
from catchment_connections import task_settings
from catchment_policy import DAG_DEFAULTS, FINDINGS, OCSF, TASK_DEFAULTS, WAREHOUSE_POOL, all_succeeded

with DAG(
    dag_id="detect",
    schedule=[OCSF],
    default_args=TASK_DEFAULTS | {"pool": WAREHOUSE_POOL},
    doc_md=__doc__,
    tags=["warehouse", "findings"],
    **DAG_DEFAULTS,
):

    @task(execution_timeout=timedelta(hours=1), outlets=[FINDINGS])
    def run_detections() -> list[str]:
        """The names of the detections that failed; the others' findings are committed and announced."""
        from transforms.warehouse import runner

        result = runner.detect(task_settings())
        print(result)
        return sorted(result.failed)

    all_succeeded(run_detections())
