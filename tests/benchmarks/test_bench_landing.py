"""Landing against the best DuckDB-only SQL."""

from __future__ import annotations

import shutil
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.benchmarks.duckdb_only import VARIANTS
from tests.benchmarks.results import write_section
from tests.benchmarks.workload import CATCHMENT, EVENTS, SOURCE, Cost, best, bundled, run, simulated

HERE = Path(__file__).parent
REQUIRED = 1.75


def contend(folder: Path, scratch: Path, rounds: int) -> dict[str, Cost]:
    """The best of each contender's rounds; they run in turn. Keys: command, inside (the call alone), the variants."""
    costs: dict[str, list[Cost]] = defaultdict(list)

    def measure(name: str, out: Path, *command: str) -> Cost:
        cost = run(*command)
        shutil.rmtree(out)
        costs[name].append(cost)
        return cost

    for _ in range(rounds):
        lake, out = scratch / "lake", scratch / "out"
        measure("command", lake, CATCHMENT, "--lake", str(lake), "land", SOURCE, "--from", str(folder))
        inside = measure("inside run", lake, sys.executable, str(HERE / "land_only.py"), str(folder), str(lake))
        costs["inside"].append(Cost(float(inside.output), inside.cpu))
        for variant in VARIANTS:
            query = [sys.executable, str(HERE / "duckdb_only.py"), str(folder), str(out), variant]
            cost = measure(variant, out, *query)
            costs[f"{variant} inside"].append(Cost(float(cost.output), cost.cpu))
    return {name: best(found) for name, found in costs.items()}


@pytest.mark.bench
def test_landing_is_faster_than_the_best_sql(tmp_path: Path) -> None:
    backlog, many, whole = bundled(tmp_path / "backlog", events=7 * EVENTS, objects=700)
    large, records, size = bundled(tmp_path / "large", events=EVENTS, objects=100)
    small = simulated(tmp_path / "small", events=EVENTS // 5, days=10)
    rows, notes = [], []
    ratios = {}
    for title, folder, json_bytes, rounds in (
        (f"{many:,} events, 700 objects, {whole / 1e6:,.0f} MB", backlog, whole, 1),
        (f"{records:,} events, 100 objects, {size / 1e6:,.0f} MB", large, size, 3),
        (f"{EVENTS // 5:,} events, {sum(1 for _ in small.rglob('*.gz')):,} objects", small, None, 1),
    ):
        found = contend(folder, tmp_path, rounds)
        sql = min((found[v] for v in VARIANTS), key=lambda c: c.wall)
        query = min((found[f"{v} inside"] for v in VARIANTS), key=lambda c: c.wall)
        each = ", ".join(f"`{v}` {found[f'{v} inside'].wall:.2f} s" for v in VARIANTS)
        notes.append(f"The call alone on {title}: {each}.")
        for name, ours, theirs in (("process", found["command"], sql), ("inside", found["inside"], query)):
            ratios[title, name] = theirs.wall / ours.wall
            speed = f"{json_bytes / 1e6 / ours.wall:,.0f}" if json_bytes else ""
            rows.append(
                [
                    title,
                    "with process start" if name == "process" else "call alone",
                    f"{ours.wall:.2f} s",
                    f"{ours.cpu:.1f} s",
                    speed,
                    f"{theirs.wall:.2f} s",
                    f"{theirs.cpu:.1f} s",
                    f"**{ratios[title, name]:.2f}**",
                    f"{theirs.cpu / ours.cpu:.2f}",
                ]
            )
    write_section(
        "Landing",
        "make bench",
        ["input", "", "`land`", "CPU", "MB/s", "DuckDB SQL", "CPU", "ratio", "CPU ratio"],
        rows,
        f"Required: {REQUIRED} on the backlog, process start included, against the fastest of {len(VARIANTS)} "
        f"statements (`duckdb_only.py`). {' '.join(notes)}",
    )
    assert next(iter(ratios.values())) >= REQUIRED
