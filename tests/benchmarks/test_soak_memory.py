"""Landing gigabytes, and a build over them, within a set memory."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from tests.benchmarks.results import write_section
from tests.benchmarks.workload import CATCHMENT, SOURCE, simulated

EVENTS = int(os.environ.get("CATCHMENT_SOAK_EVENTS", "3500000"))
INTERVAL_S = 0.05
LIMITS = {"land": 1.5e9, "build": 3e9}


def peak(*command: str) -> tuple[float, int]:
    """(seconds, peak of the resident bytes summed over a process and its children). Raises where it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    highest = 0

    def watch() -> None:
        nonlocal highest
        root = psutil.Process(process.pid)
        while process.poll() is None:
            total = 0
            try:
                family = [root, *root.children(recursive=True)]
            except psutil.NoSuchProcess:
                return
            for member in family:
                try:
                    total += member.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            highest = max(highest, total)
            time.sleep(INTERVAL_S)

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, _ = process.communicate()
    watcher.join()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit {process.returncode}\n{output}")
    return time.perf_counter() - started, highest


@pytest.mark.soak
def test_memory_stays_bounded(tmp_path: Path) -> None:
    bucket = simulated(tmp_path / "logs", events=EVENTS, days=1)
    size = int(subprocess.check_output([sys.executable, "-c", COUNT, str(bucket)], text=True))
    lake = str(tmp_path / "lake")
    rows, peaks = [], {}
    for step, arguments in (("land", ["land", SOURCE, "--from", str(bucket)]), ("build", ["build"])):
        seconds, peaks[step] = peak(CATCHMENT, "--lake", lake, *arguments)
        rows.append([step, f"{seconds:,.0f} s", f"**{peaks[step] / 1e9:.2f} GB**", f"{LIMITS[step] / 1e9:.1f} GB"])
    write_section(
        "Memory",
        "make soak",
        ["step", "time", "peak RSS, all processes", "limit"],
        rows,
        f"{EVENTS:,} events, {size / 1e9:.2f} GB of JSON in {sum(1 for _ in bucket.rglob('*.gz')):,} objects. "
        f"Sampled every {INTERVAL_S * 1000:.0f} ms; pages that processes share are counted in each.",
    )
    for step, limit in LIMITS.items():
        assert peaks[step] <= limit, step


COUNT = """
import sys
from pathlib import Path
from isal import igzip
total = 0
for path in Path(sys.argv[1]).rglob("*.gz"):
    total += len(igzip.decompress(path.read_bytes()))
print(total)
"""
