"""The few calls of Airflow's REST API that the embedded Airflow needs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from infra.local.airflow.home import DATABASE_WAIT

TERMINAL = ("success", "failed")


class Client:
    """Airflow's REST API on loopback, where everyone is admin: no credential is held or sent."""

    def __init__(self, url: str) -> None:
        self.url = url
        # trust_env off: a proxy named in the environment must not see loopback traffic.
        # An answer may take as long as a write waits for SQLite, and a little.
        self._http = httpx.Client(base_url=f"{url}/api/v2", timeout=DATABASE_WAIT + 30, trust_env=False)

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """One request; returns the decoded body. Raises httpx.HTTPStatusError with the server's words.

        A server error is tried again: SQLite refuses a write now and then. A run triggered twice does no harm.
        """
        for pause in (1, 3, 9, 0):
            response = self._http.request(method, path, **arguments)
            if not response.is_server_error or not pause:
                break
            time.sleep(pause)
        if response.is_error:
            message = f"{method} {path}: {response.status_code} {response.text[:500]}"
            raise httpx.HTTPStatusError(message, request=response.request, response=response)
        return response.json() if response.content else None

    def healthy(self) -> bool:
        """Whether scheduler, DAG processor and database are."""
        try:
            health = self.call("GET", "/monitor/health")
        except httpx.HTTPError:
            return False
        return all(health[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "dag_processor"))

    def make_pools(self, pools: Mapping[str, Mapping[str, Any]]) -> None:
        """Create or resize the pools; a task whose pool is missing would wait forever."""
        actions = [
            {
                "action": "create",
                "action_on_existence": "overwrite",
                "entities": [{"name": name, **pool} for name, pool in pools.items()],
            }
        ]
        self.call("PATCH", "/pools", json={"actions": actions})

    def dags(self) -> dict[str, dict[str, Any]]:
        """Every DAG that Airflow has parsed, by id. What it could not parse is in `import_errors`."""
        return {dag["dag_id"]: dag for dag in self._pages("/dags", "dags", order_by="dag_id")}

    def import_errors(self) -> list[str]:
        errors = self.call("GET", "/importErrors")["import_errors"]
        return [f"{error['filename']}: {error['stack_trace']}" for error in errors]

    def wait_for_dags(self, expected: Iterable[str], *, within: float = 90) -> None:
        """Wait until every expected DAG is parsed. Raises TimeoutError with the import errors there are."""
        wanted, deadline = set(expected), time.monotonic() + within
        while missing := wanted - self.dags().keys():
            if time.monotonic() > deadline:
                raise TimeoutError(f"Airflow does not know {sorted(missing)}; {self.import_errors()}")
            time.sleep(1)

    def pause(self, dag_id: str, paused: bool) -> None:
        self.call("PATCH", f"/dags/{dag_id}", json={"is_paused": paused})

    def trigger(self, dag_id: str) -> str:
        """Queue one run now; returns its id."""
        return str(self.call("POST", f"/dags/{dag_id}/dagRuns", json={"logical_date": None})["dag_run_id"])

    def runs(self, dag_id: str = "~", **params: Any) -> list[dict[str, Any]]:
        """Every run, the newest first."""
        return self._pages(f"/dags/{dag_id}/dagRuns", "dag_runs", order_by="-run_after", **params)

    def _pages(self, path: str, key: str, **params: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        params |= {"limit": 100}
        while page := self.call("GET", path, params=params | {"offset": len(found)})[key]:
            found += page
            if len(page) < params["limit"]:
                break
        return found

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        params = {"limit": 100}
        return list(self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", params=params)["task_instances"])

    def has_waiting_assets(self, dag_id: str) -> bool:
        """Whether an asset event waits for a run of this DAG to be created."""
        response = self._http.get(f"/dags/{dag_id}/assets/queuedEvents")
        if response.status_code == httpx.codes.NOT_FOUND:
            return False
        return bool(response.raise_for_status().json()["queued_events"])

    def log_tail(self, task: Mapping[str, Any], lines: int = 12) -> str:
        """The last lines of a task instance's log, exceptions included."""
        path = f"/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}"
        params = {"map_index": task["map_index"]}
        content = self.call("GET", f"{path}/logs/{task['try_number']}", params=params)["content"]
        said = []
        for entry in content:
            if not entry["event"].startswith("::"):  # the viewer's folding marks
                said.append(entry["event"])
            said += [f"{error['exc_type']}: {error['exc_value']}" for error in entry.get("error_detail") or []]
        return "\n".join(said[-lines:])
