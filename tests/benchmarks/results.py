"""The committed table of results: one section a benchmark, each replaced whole by the run that measured it."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
SECTIONS = (
    "Landing",
    "Sources",
    "Beside others",
    "Flow logs",
    "Build",
    "Detections",
    "Incremental",
    "Memory",
    "Start-up",
)
PACKAGES = ("duckdb", "deltalake", "pyarrow", "msgspec", "dbt-core")
HEAD = """# Benchmark results

`make bench` measures speed and writes every section but Memory, `make soak` the rest. A ratio is taken within one run:
the contenders run in turn, and the best of their rounds counts. `CATCHMENT_BENCH_EVENTS` sets the number of events.
CPU seconds are given beside seconds, since they say more than these on a machine that others use.
"""


def write_section(title: str, command: str, columns: list[str], rows: list[list[str]], notes: str = "") -> None:
    """Replace a section of RESULTS.md, and print it."""
    lines = [
        f"## {title}",
        "",
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine()}; {versions()}. `{command}`",
        "",
        "| " + " | ".join(columns) + " |",
        "|" + "---|" * len(columns),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]
    if notes:
        lines += ["", notes]
    text = "\n".join(lines) + "\n"
    print("\n" + text)
    sections = _sections() | {title: text}
    RESULTS.write_text("\n".join([HEAD, *(sections[name] for name in SECTIONS if name in sections)]))


def _sections() -> dict[str, str]:
    if not RESULTS.exists():
        return {}
    parts = re.split(r"^(?=## )", RESULTS.read_text(), flags=re.MULTILINE)[1:]
    return {part.splitlines()[0].removeprefix("## "): part.rstrip("\n") + "\n" for part in parts}


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    load = os.getloadavg()[0]
    return f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, load {load:.1f}, {platform.system()}"


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found.group(1) if found else platform.machine()


def versions() -> str:
    return ", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in PACKAGES)])
