"""Where one embedded Airflow keeps its things, and the environment its processes run in."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypedDict

REPOSITORY = Path(__file__).resolve().parents[3]
DATABASE_WAIT = 60  # seconds that a write waits for another one before SQLite refuses it


class State(TypedDict):
    """What `start` leaves behind: the supervisor's process id, its start (epoch seconds), the ports."""

    pid: int
    started: float
    port: int
    execution_port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """One embedded Airflow. `folder` holds its database, logs and state; `extra` joins the environment.

    `port` answers people and `Client`, `execution_port` the tasks.
    """

    folder: Path
    port: int
    execution_port: int
    dags: Path = REPOSITORY / "dags"
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def state_file(self) -> Path:
        """Process id, its start time and the port of what runs; written by `start`, removed by `stop`."""
        return self.folder / "running.json"

    def log_of(self, component: str) -> Path:
        return self.folder / f"{component}.log"

    def environment(self) -> dict[str, str]:
        """This process's environment, plus what makes Airflow small, local and quiet."""
        venv = Path(sys.executable).parent
        return {
            **os.environ,
            "PATH": f"{venv}{os.pathsep}{os.environ.get('PATH', '')}",
            "AIRFLOW_HOME": str(self.folder),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "8",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",  # no password: loopback only
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{self.execution_port}/execution/",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.folder / 'airflow.db'}?timeout={DATABASE_WAIT}",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__INSTANCE_NAME": "Catchment",
            "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "120",
            "AIRFLOW__DAG_PROCESSOR__STALE_DAG_THRESHOLD": "300",
            "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DO_NOT_TRACK": "1",
            **self.extra,
        }


def open_home(folder: Path, extra: Mapping[str, str] | None = None) -> Home:
    """The home in `folder` (created, for its owner only), on the port of what runs there, else a free one."""
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    home = Home(folder=folder, port=0, execution_port=0, extra=extra or {})
    port, execution_port = (state["port"], state["execution_port"]) if (state := read_state(home)) else free_ports(2)
    return replace(home, port=port, execution_port=execution_port)


def read_state(home: Home) -> State | None:
    """What `start` wrote, or None when nothing was started here."""
    try:
        state: State = json.loads(home.state_file.read_text())
        return state
    except FileNotFoundError:
        return None


def free_ports(count: int) -> list[int]:
    """Different loopback TCP ports that were free a moment ago."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def components(execution_port: int) -> dict[str, list[str]]:
    """Airflow's command for each process of an embedded Airflow.

    The API server writes its audit log on its event loop. Were the tasks' calls served there too, it would
    wait there for a lock that one of them holds, and never come to commit it.
    """
    return {
        "api-server": ["api-server", "--apps", "core"],
        "execution-api": ["api-server", "--apps", "execution", "--port", str(execution_port)],
        # The executor's log server would listen on every interface; the API server reads the same files itself.
        "scheduler": ["scheduler", "--skip-serve-logs"],
        "dag-processor": ["dag-processor"],
    }
