"""`make run`: a simulated organisation through the real DAGs, watched until nothing is left to do."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from infra.local.airflow.client import TERMINAL, Client
from infra.local.airflow.home import REPOSITORY
from infra.local.airflow.server import AirflowError
from infra.local.airflow.summary import CATCHMENT
from infra.local.simulate import known_sources
from infra.local.simulate.artifacts import TRUSTED_ROOT
from infra.local.simulate.hooks import SIGNED_WITH
from transforms.sources import registry

FEEDS = {name: source.root for name, source in known_sources().items() if name in registry()}
"""Where the simulated organisation's folders stand in for a source's bucket."""
CONSUMERS = ("normalise", "correlate", "detect")
SETTLE_WITHIN = 900.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The folders of one tour, all below `root`."""

    root: Path

    @property
    def airflow(self) -> Path:
        return self.root / "airflow"

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def organisation(self) -> Path:
        return self.root / "org"

    @property
    def dashboard(self) -> Path:
        return self.root / "dashboard"

    @property
    def truth(self) -> Path:
        return self.organisation / "truth.json"

    def settings(self) -> dict[str, str]:
        """The environment in which Catchment works on this place; one line of it a source."""
        feeds = {f"CATCHMENT_{name.upper()}_FROM": str(self.organisation / feed) for name, feed in FEEDS.items()}
        own = {
            "CATCHMENT_LAKE": str(self.lake),
            "CATCHMENT_SIGSTORE_ROOTS": str(self.organisation / TRUSTED_ROOT),
            "CATCHMENT_REDACTION_KEY": "what is simulated holds no real secret",
            "CATCHMENT_GITHUB_WEBHOOK_SECRETS": SIGNED_WITH,
        }
        return own | feeds


def simulate(place: Place, arguments: Sequence[str], *, say: Callable[[str], None]) -> None:
    """Write the simulated organisation, unless an earlier tour did. Raises AirflowError with its error."""
    if place.truth.exists():
        return
    say("writing the simulated organisation's logs")
    command = [CATCHMENT, "simulate", "--out", str(place.organisation), *arguments]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AirflowError(f"catchment simulate failed: {done.stderr.strip()}")
    say("the organisation's logs are written")


def land_and_detect(client: Client, *, since: datetime, say: Callable[[str], None]) -> None:
    """Let every land DAG run, once, and wait until what they landed has become findings.

    Runs that began after `since` count; where there is none yet, one is triggered. Raises AirflowError
    naming the first task that failed, or when it takes longer than SETTLE_WITHIN.
    """
    landing = [f"land_{name}" for name in FEEDS]
    client.wait_for_dags([*landing, *CONSUMERS])
    paused = [dag_id for dag_id, dag in client.dags().items() if dag["is_paused"]]
    for dag_id in sorted({*landing, *CONSUMERS}.intersection(paused)):
        client.pause(dag_id, False)
    wait_for(client, {(dag_id, _begin(client, dag_id, since)) for dag_id in landing}, since=since, say=say)
    if not _runs_since(client, since, "normalise"):  # nothing new: pick up what an interrupted tour left behind
        wait_for(client, {("normalise", _begin(client, "normalise", since))}, since=since, say=say)


def _begin(client: Client, dag_id: str, since: datetime) -> str:
    """The id of a run that has begun since then and has not ended; of a new one where there is none."""
    active = client.runs(dag_id, state=["queued", "running"], run_after_gte=since.isoformat())
    return str(active[0]["dag_run_id"]) if active else client.trigger(dag_id)


def wait_for(
    client: Client,
    awaited: set[tuple[str, str]],
    *,
    since: datetime,
    say: Callable[[str], None],
    within: float = SETTLE_WITHIN,
) -> None:
    """Wait until the awaited runs (DAG, run id) and everything that their assets set off have ended.

    Raises AirflowError when one failed or time is up.
    """
    began = time.monotonic()
    told: dict[tuple[str, str], str] = {}
    while True:
        waiting = any(client.has_waiting_assets(dag_id) for dag_id in CONSUMERS)  # before the runs: no gap
        runs = _runs_since(client, since)
        for run in runs:
            key, state = (run["dag_id"], run["dag_run_id"]), run["state"]
            if told.get(key) != state and state != "queued":
                told[key] = state
                took = f" in {run['duration']:.0f} s" if run["duration"] else ""
                say(f"{run['dag_id']:<24}{state}{took}")
        if failed := [run for run in runs if run["state"] == "failed"]:
            raise AirflowError(_explain(client, failed[0]))
        if not waiting and _ended(runs, awaited):
            return
        if time.monotonic() - began > within:
            open_runs = sorted({run["dag_id"] for run in runs if run["state"] not in TERMINAL})
            raise AirflowError(f"still working after {within:.0f} s: {', '.join(open_runs) or 'asset events'}")
        time.sleep(1)


def _ended(runs: list[dict[str, Any]], awaited: set[tuple[str, str]]) -> bool:
    """Whether the awaited runs are among `runs`, and they and every consumer's run have ended."""
    states = {(run["dag_id"], run["dag_run_id"]): run["state"] for run in runs}
    watched = awaited | {key for key in states if key[0] in CONSUMERS}
    return all(states.get(key) in TERMINAL for key in watched)


def _runs_since(client: Client, since: datetime, dag_id: str = "~") -> list[dict[str, Any]]:
    runs = client.runs(dag_id, run_after_gte=since.isoformat())
    return sorted(runs, key=lambda run: run["run_after"])


def _explain(client: Client, run: dict[str, Any]) -> str:
    """Which task of a failed run failed, and its log's last lines."""
    for task in client.tasks(run["dag_id"], run["dag_run_id"]):
        if task["state"] == "failed":
            words = client.log_tail(task)
            return f"{run['dag_id']}.{task['task_id']} failed (run {run['dag_run_id']}):\n{words}"
    return f"{run['dag_id']} failed (run {run['dag_run_id']})"
