"""`build` against DuckDB parsing the same rows and writing them as Parquet."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.benchmarks.results import write_section
from tests.benchmarks.workload import CATCHMENT, EVENTS, SOURCE, bundled, run

HERE = Path(__file__).parent
REQUIRED = 0.6
ROUNDS = ("ours", "theirs", "ours", "theirs")


@pytest.mark.bench
def test_build_is_nearly_as_fast_as_the_engine_alone(tmp_path: Path) -> None:
    folder, records, _ = bundled(tmp_path / "logs", events=EVENTS, objects=100)
    landed = tmp_path / "landed"
    run(CATCHMENT, "--lake", str(landed), "land", SOURCE, "--from", str(folder))
    found = []
    for order in ROUNDS:
        lake = tmp_path / "lake"
        shutil.copytree(landed, lake)
        found.append(
            json.loads(run(sys.executable, str(HERE / "build_once.py"), str(lake), order).output.splitlines()[-1])
        )
        shutil.rmtree(lake)
        assert not found[-1]["failed"]
        assert 0.9 * records < found[-1]["rows"] <= records
    ours, theirs = (min(f[name][0] for f in found) for name in ("ours", "theirs"))
    our_cpu, their_cpu = (min(f[name][1] for f in found) for name in ("ours", "theirs"))
    write_section(
        "Build",
        "make bench",
        [
            "rows",
            "batches",
            "inside `route`",
            "CPU",
            "rows/s",
            "DuckDB to one Parquet file",
            "CPU",
            "speed",
            "CPU ratio",
        ],
        [
            [
                f"{records:,}",
                str(found[0]["batches"]),
                f"{ours:.1f} s",
                f"{our_cpu:.1f} s",
                f"{records / ours:,.0f}",
                f"{theirs:.1f} s",
                f"{their_cpu:.1f} s",
                f"**{theirs / ours:.0%}**",
                f"{their_cpu / our_cpu:.0%}",
            ]
        ],
        f"Required: {REQUIRED:.0%}. The same compiled SELECT, connection and settings; `route` also makes rows unique, "
        "splits them by class and day, and commits. dbt's start is not in it: the whole command took "
        f"{min(f['build'] for f in found):.0f} s with the contender in it.",
    )
    assert theirs / ours >= REQUIRED
