"""What every Airflow DAG of Catchment has in common: who owns it, how it retries, which assets join them."""

from datetime import timedelta

from airflow.sdk import Asset, task
from airflow.sdk.exceptions import AirflowFailException

LAND_POOL = "land"
WAREHOUSE_POOL = "warehouse"

DAG_DEFAULTS = {
    "catchup": False,  # progress is a Delta version: one run works off whatever is there, however old
    "max_active_runs": 1,
    "max_consecutive_failed_dag_runs": 0,  # a source never pauses itself: the next run may succeed
}

TASK_DEFAULTS = {
    "owner": "catchment",
    "retries": 2,
    "retry_delay": timedelta(seconds=10),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=5),
    "execution_timeout": timedelta(minutes=10),
}


def landing(cadence: timedelta) -> dict[str, object]:
    """The pool of tasks that land a source. In it, a source that is looked for often waits for none that is not."""
    return {"pool": LAND_POOL, "priority_weight": timedelta(days=1) // cadence, "weight_rule": "absolute"}


def bronze(source_name: str) -> Asset:
    """The asset that says: new rows of `source_name` were committed to bronze."""
    return Asset(name=f"bronze/{source_name}", uri=f"x-catchment://bronze/{source_name}", group="bronze")


@task
def all_succeeded(failed: list[str]) -> None:
    """Turn the run red and name the models that failed. The next run tries them again."""
    if failed:
        raise AirflowFailException(f"failed: {', '.join(failed)}")


OCSF = Asset(name="ocsf", uri="x-catchment://ocsf", group="ocsf")
MARTS = Asset(name="marts", uri="x-catchment://marts", group="marts")
FINDINGS = Asset(name="findings", uri="x-catchment://findings", group="findings")
