"""Every DAG is small, named after what it does, and carries what an on-call person needs."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from transforms.sources import registry

DAGS = Path(__file__).resolve().parents[2] / "dags"
FILES = sorted(DAGS.glob("*.py"))
EXPECTED = {f"land_{name}" for name in registry()} | {"sweep", "normalise", "correlate", "detect"}
HEAVY = [
    "deltalake",
    "pyarrow",
    "duckdb",
    "boto3",
    "botocore",
    "azure.storage",
    "google.cloud",
    "dbt",
    "pandas",
    "httpx",
]
"""Modules that no DAG file may import while it is parsed: slow, or unusable after a fork."""

INSPECT = """
import importlib.util, json, sys, time
from pathlib import Path
import airflow.sdk
from airflow.sdk import DAG
from airflow.providers.standard.operators.empty import EmptyOperator
folder = Path(FOLDER)
before = set(sys.modules)
dags, seconds = [], {}
for path in sorted(folder.glob("*.py")):
    began = time.perf_counter()
    spec = importlib.util.spec_from_file_location(path.stem + "_parsed", path)
    module = importlib.util.module_from_spec(spec)
    made = []
    original = DAG.__exit__
    def leave(self, *args, original=original, made=made):
        made.append(self)
        return original(self, *args)
    DAG.__exit__ = leave
    try:
        spec.loader.exec_module(module)
    finally:
        DAG.__exit__ = original
    seconds[path.name] = time.perf_counter() - began
    for dag in made:
        dags.append({
            "dag_id": dag.dag_id, "file": path.name, "doc_md": dag.doc_md, "tags": sorted(dag.tags),
            "catchup": dag.catchup, "max_active_runs": dag.max_active_runs, "schedule": repr(dag.timetable),
            "tasks": [{
                "task_id": task.task_id, "owner": task.owner, "retries": task.retries, "pool": task.pool,
                "backoff": task.retry_exponential_backoff, "type": task.task_type,
                "priority": task.priority_weight,
                "timeout": None if task.execution_timeout is None else task.execution_timeout.total_seconds(),
                "outlets": [asset.name for asset in task.outlets],
            } for task in dag.tasks],
        })
import transforms
print(json.dumps({"dags": dags, "seconds": seconds, "transforms": transforms.__file__,
                  "modules": sorted(set(sys.modules) - before)}))
"""


@pytest.fixture(scope="session")
def parsed(beside_the_dags: Callable[..., Any]) -> dict[str, Any]:
    """What parsing every file of dags/ gives, in a process of its own, so that its imports can be seen."""
    return dict(beside_the_dags(f"FOLDER = {str(DAGS)!r}\n{INSPECT}"))


def test_the_dags_are_exactly_the_expected_ones(parsed: dict) -> None:
    assert len(EXPECTED) >= 5
    assert {dag["dag_id"] for dag in parsed["dags"]} == EXPECTED


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_dag_file_is_short_and_holds_no_sql(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 60
    body = ast.parse(text)
    literals = [n.value for n in ast.walk(body) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    docs = {ast.get_docstring(n, clean=False) for n in ast.walk(body) if isinstance(n, (ast.Module, ast.FunctionDef))}
    statements = [
        s for s in literals if s not in docs and re.search(r"(?i)\b(select|insert|merge|delete)\b.*\b(from|into)\b", s)
    ]
    assert not statements


def test_the_files_are_there() -> None:
    assert {path.name for path in FILES} >= {"land.py", "sweep.py", "normalise.py", "detect.py"}


def test_a_task_makes_the_dag_of_its_own_source_alone(beside_the_dags: Callable[..., Any]) -> None:
    """What a task that plans costs does not grow with the number of sources."""
    name = sorted(registry())[0]
    context = {"_AIRFLOW_PARSING_CONTEXT_DAG_ID": f"land_{name}", "_AIRFLOW_PARSING_CONTEXT_TASK_ID": "plan"}
    found = beside_the_dags(f"FOLDER = {str(DAGS)!r}\n{INSPECT}", context)
    assert [dag["dag_id"] for dag in found["dags"] if dag["file"] == "land.py"] == [f"land_{name}"]
    assert {dag["dag_id"] for dag in found["dags"]} == {f"land_{name}", "sweep", "normalise", "correlate", "detect"}


def test_parsing_imports_nothing_heavy(parsed: dict) -> None:
    loaded = [
        name for name in parsed["modules"] if any(name == heavy or name.startswith(heavy + ".") for heavy in HEAVY)
    ]
    assert "transforms.sources" in parsed["modules"]
    assert not loaded


def test_parsing_is_quick(parsed: dict) -> None:
    assert sum(parsed["seconds"].values()) < 3, parsed["seconds"]


def test_the_tasks_run_the_code_beside_the_dags(parsed: dict) -> None:
    assert Path(parsed["transforms"]).resolve().parents[1] == DAGS.parent


def test_every_dag_says_what_it_does_and_runs_once_at_a_time(parsed: dict) -> None:
    for dag in parsed["dags"]:
        doc = dag["doc_md"] or ""
        assert len(doc) > 400, dag["dag_id"]
        for part in ("When it is red", "Safe at any time", "Not safe", "catchment "):
            assert part in doc, (dag["dag_id"], part)
        assert dag["tags"], dag["dag_id"]
        assert dag["catchup"] is False
        assert dag["max_active_runs"] == 1


def test_every_task_has_owner_retries_pool_and_time_limit(parsed: dict) -> None:
    pools = json.loads((DAGS / "pools.json").read_text())
    tasks = [(dag["dag_id"], task) for dag in parsed["dags"] for task in dag["tasks"]]
    assert len(tasks) >= len(EXPECTED)
    for dag_id, task in tasks:
        assert task["owner"] == "catchment", (dag_id, task)
        assert task["retries"] >= 2, (dag_id, task)
        assert task["backoff"], (dag_id, task)
        assert task["pool"] in pools, (dag_id, task)
        assert task["timeout"], (dag_id, task)


def test_what_is_looked_for_often_goes_first(parsed: dict) -> None:
    tasks = {dag["dag_id"]: dag["tasks"] for dag in parsed["dags"]}
    weights = {source.cadence: {t["priority"] for t in tasks[f"land_{name}"]} for name, source in registry().items()}
    assert len(weights) >= 3
    assert all(len(same) == 1 for same in weights.values())
    assert sorted(weights) == sorted(weights, key=lambda cadence: -min(weights[cadence]))


def test_each_asset_is_announced_by_one_task(parsed: dict) -> None:
    outlets = [asset for dag in parsed["dags"] for task in dag["tasks"] for asset in task["outlets"]]
    assert sorted(outlets) == sorted([f"bronze/{name}" for name in registry()] + ["ocsf", "marts", "findings"])


def test_normalise_listens_to_every_source(parsed: dict) -> None:
    schedule = next(dag["schedule"] for dag in parsed["dags"] if dag["dag_id"] == "normalise")
    for name in registry():
        assert f"bronze/{name}" in schedule


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_task_passes_a_place_or_a_secret(path: Path) -> None:
    """Tasks hand each other lane numbers and model names; places and secrets are read where they are used."""
    text = path.read_text()
    assert "xcom_push" not in text
    tasks = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef) and node.decorator_list]
    for function in tasks:
        assert function.returns is not None, function.name
        assert ast.unparse(function.returns) in {"None", "list[list[int]]", "list[str]"}, function.name
