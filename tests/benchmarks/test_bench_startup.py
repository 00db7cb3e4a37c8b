"""How long the command line takes to answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.results import write_section
from tests.benchmarks.workload import CATCHMENT, SOURCE, best, run, simulated

ROUNDS = 3
LIMIT_S = 2.0
COMMANDS = (("--help",), ("sources",), ("detections",), ("status",), ("sql", "select 1"))


@pytest.mark.bench
def test_commands_answer_at_once(tmp_path: Path) -> None:
    bucket = simulated(tmp_path / "logs", events=1000, days=1)
    catchment = (CATCHMENT, "--lake", str(tmp_path / "lake"))
    run(*catchment, "land", SOURCE, "--from", str(bucket))
    rows = []
    slowest = 0.0
    for words in COMMANDS:
        cost = best([run(*catchment, *words) for _ in range(ROUNDS)])
        rows.append([f"`catchment {' '.join(words)}`", f"{cost.wall:.2f} s", f"{cost.cpu:.2f} s"])
        slowest = max(slowest, cost.cpu)
    write_section("Start-up", "make bench", ["command", "time", "CPU"], rows)
    assert slowest <= LIMIT_S
