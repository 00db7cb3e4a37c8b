"""The same increment on a lake with one day of history and on one with a hundred: neither reading nor time may grow."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.local.simulate import Simulation, apply
from tests.benchmarks.results import write_section
from tests.benchmarks.workload import BUCKET, CATCHMENT, END, EVENTS, SOURCE, run
from transforms.settings import REPOSITORY

HERE = Path(__file__).parent
DAYS = 100
BIG_COMMITS, SMALL_COMMITS = 7, 30
SLOWER = 1.3
ROUNDS = 3


def histories(root: Path, per_day: int) -> tuple[dict[str, Path], list[Path]]:
    """A bucket for each lake as it stands before the increment, and the increment's objects, by path in the bucket.

    The long one is landed in a few big steps and many small ones, the last day on its own.
    """
    start = END - timedelta(days=DAYS + 1)
    simulation = Simulation(seed=7, days=DAYS + 1, end=END, events_per_day=per_day, sources=[SOURCE], chains=False)
    steps: dict[int, list[Any]] = {}
    for delivery in simulation.deliveries():
        day = (delivery.delivered_at - start) // timedelta(days=1)
        steps.setdefault(min(day, DAYS), []).append(delivery)
    lakes = {"1x": root / "short", "100x": root / "long"}
    bulk = DAYS - SMALL_COMMITS
    for name, lake in lakes.items():
        bucket = root / f"{name}-bucket"
        held = [range(DAYS - 1, DAYS)]
        if name == "100x":
            edges = [bulk * i // BIG_COMMITS for i in range(BIG_COMMITS + 1)]
            held = [range(a, b) for a, b in pairwise(edges)]
            held += [range(day, day + 1) for day in range(bulk, DAYS)]
        for days in held:
            for day in days:
                for delivery in steps[day]:
                    apply(bucket, delivery)
            run(CATCHMENT, "--lake", str(lake), "land", SOURCE, "--from", str(bucket / BUCKET))
        run(CATCHMENT, "--lake", str(lake), "build", env={"CATCHMENT_BATCH_MB": "1"})
        run(CATCHMENT, "--lake", str(lake), "detect")
        for delivery in steps[DAYS]:
            apply(bucket, delivery)
    return lakes, [root / f"{name}-bucket" / BUCKET for name in lakes]


def lookbacks() -> dict[str, int]:
    """Days that each detection looks back, as its yml declares."""
    found = {}
    for path in (REPOSITORY / "dbt_project" / "models" / "detections").rglob("*.yml"):
        for model in yaml.safe_load(path.read_text())["models"]:
            found[model["name"]] = int(model["config"]["meta"].get("lookback_days", 0))
    return found


@pytest.mark.bench
def test_cost_follows_the_increment(tmp_path: Path) -> None:
    per_day = max(500, EVENTS // DAYS)
    lakes, buckets = histories(tmp_path, per_day)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in lakes}
    for _ in range(ROUNDS):
        for (name, lake), bucket in zip(lakes.items(), buckets, strict=True):
            copy = tmp_path / "lake"
            shutil.copytree(lake, copy)
            done = run(sys.executable, str(HERE / "increment_once.py"), str(copy), str(bucket))
            found[name].append(json.loads(done.output.splitlines()[-1]))
            shutil.rmtree(copy)
            assert not found[name][-1]["failed"]
    short, long = found["1x"][0], found["100x"][0]
    back = lookbacks()

    def seen(one: dict[str, Any], deep: bool) -> list[int]:
        chosen = [d["seen"] for model, d in one["detect"].items() if (back[model] > 1) is deep]
        return [sum(column) for column in zip(*chosen, strict=True)]

    def new(one: dict[str, Any]) -> list[int]:
        return [sum(column) for column in zip(*(d["new"] for d in one["detect"].values()), strict=True)]

    readings = [
        ("land: ledger", short["ledger"], long["ledger"]),
        ("build: new bronze rows", short["build new"], long["build new"]),
        ("build: OCSF rows of the days touched", short["build seen"], long["build seen"]),
        ("detect: new OCSF rows", new(short), new(long)),
        ("detect: rows of the days touched", seen(short, False), seen(long, False)),
        ("detect: the same, detections that look back further", seen(short, True), seen(long, True)),
    ]
    total = {name: min(sum(one["seconds"].values()) for one in found[name]) for name in found}
    steps = {
        name: {step: min(one["seconds"][step] for one in found[name]) for step in ("land", "build", "detect")}
        for name in found
    }
    ratio = total["100x"] / total["1x"]
    rows = [[what, *(_reading(r) for r in (one, hundred)), ""] for what, one, hundred in readings]
    rows += [[f"seconds: {step}", f"{steps['1x'][step]:.1f}", f"{steps['100x'][step]:.1f}", ""] for step in steps["1x"]]
    rows.append(["seconds: all three", f"{total['1x']:.1f}", f"{total['100x']:.1f}", f"**{ratio:.2f}**"])
    write_section(
        "Incremental",
        "make bench",
        ["files / rows / kB read", "1 day of history", f"{DAYS} days of history", "ratio"],
        rows,
        f"Increment: {short['records']:,} events in {short['objects']:,} objects. Required: no more read than the "
        f"increment and the days that it touches, and at most {SLOWER} times as long. `new_network_for_principal` "
        "looks back 14 days.",
    )
    assert short["records"] == long["records"] > 0
    assert short["rows"] == long["rows"] > 0
    assert long["build new"][:2] == short["build new"][:2]
    assert new(long)[:2] == new(short)[:2]
    assert long["build seen"][1] <= 1.2 * short["build seen"][1]
    for model, one in long["detect"].items():
        days_read = 4 + back[model]  # the increment's two or three, and one on each side for windows over midnight
        assert one["seen"][1] <= 1.5 * per_day * days_read, model
    # plans and landed rows of the increment's days and the two before, which are listed again
    assert long["ledger"][1] <= 12 * long["objects"]
    assert ratio <= SLOWER


def _reading(reading: list[int]) -> str:
    files, rows, size = reading
    return f"{files:,} / {rows:,} / {size / 1000:,.0f}"
