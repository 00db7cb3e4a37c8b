"""Starts and stops the embedded Airflow. Only processes that were started here are ever stopped."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import psutil

from infra.local.airflow.client import Client
from infra.local.airflow.home import REPOSITORY, Home, State, components, read_state

READY_WITHIN = 180.0  # seconds; a slow, busy laptop needs about 60
STOP_WITHIN = 20.0


class AirflowError(RuntimeError):
    """Airflow did not start, or a run did not end well. The message names the log to read."""


def start(
    home: Home,
    *,
    before: Callable[[], None] = lambda: None,
    say: Callable[[str], None] = lambda text: None,
) -> Client:
    """Start Airflow in `home` unless it runs already, wait until it is healthy, and return its client.

    `before` runs beside the database's preparation and ends before any DAG can start.
    """
    with ThreadPoolExecutor(1) as beside:
        preparation = beside.submit(before)
        if running(home) is None:
            say("preparing Airflow's database")
            _migrate(home)
        preparation.result()
    if running(home) is None:
        say("starting Airflow")
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "infra.local.airflow.supervisor", str(home.folder), str(home.execution_port)],
            cwd=REPOSITORY,
            env=home.environment(),
            stdin=subprocess.DEVNULL,
            stdout=home.log_of("supervisor").open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        started = psutil.Process(supervisor.pid).create_time()
        state = State(pid=supervisor.pid, started=started, port=home.port, execution_port=home.execution_port)
        home.state_file.write_text(json.dumps(state))
    client = Client(home.url)
    _wait_healthy(home, client)
    client.make_pools(json.loads((home.dags / "pools.json").read_text()))
    return client


def running(home: Home) -> psutil.Process | None:
    """The supervisor that `start` left behind, if it still lives; a reused process id is not taken for it."""
    state = read_state(home)
    if state is None:
        return None
    try:
        process = psutil.Process(state["pid"])
        alive = abs(process.create_time() - state["started"]) < 1 and process.status() != psutil.STATUS_ZOMBIE
        return process if alive else None
    except psutil.NoSuchProcess:
        return None


def stop(home: Home) -> bool:
    """Stop what `start` started, with all its children. Returns False when nothing ran."""
    supervisor = running(home)
    if supervisor is None:
        home.state_file.unlink(missing_ok=True)
        return False
    family = [supervisor, *supervisor.children(recursive=True)]
    supervisor.terminate()
    _, stubborn = psutil.wait_procs(family, timeout=STOP_WITHIN)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, timeout=5)
    home.state_file.unlink(missing_ok=True)
    return True


def _migrate(home: Home) -> None:
    """Create or upgrade the database, once for each version of Airflow."""
    marker = home.folder / f"database-{version('apache-airflow')}"
    if marker.exists():
        return
    done = subprocess.run(
        ["airflow", "db", "migrate"],
        cwd=REPOSITORY,
        env=home.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AirflowError(f"airflow db migrate failed:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
    marker.touch()


def _wait_healthy(home: Home, client: Client) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not client.healthy():
        if running(home) is None:
            logs = ", ".join(str(home.log_of(name)) for name in components(home.execution_port))
            raise AirflowError(f"Airflow ended while starting; read {logs}")
        if time.monotonic() > deadline:
            raise AirflowError(f"Airflow is not healthy after {READY_WITHIN:.0f} s; read {home.folder}/*.log")
        time.sleep(0.5)
