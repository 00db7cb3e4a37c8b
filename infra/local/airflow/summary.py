"""What a tour ends with: what was landed, what it became, what was found, and whether that was planted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from infra.local.airflow.home import REPOSITORY

CATCHMENT = str(Path(sys.executable).parent / "catchment")
SEVERITIES = {
    1: ("Informational", "dim"),
    2: ("Low", "cyan"),
    3: ("Medium", "yellow"),
    4: ("High", "red"),
    5: ("Critical", "bold red"),
    6: ("Fatal", "bold red"),
}
FINDINGS = (
    "select severity_id, title, analytic_uid, evidence_event_uids from findings.findings order by 1 desc, 2"
)
Row = dict[str, Any]


def query(lake: Path, sql: str) -> list[Row]:
    """Rows of one question to the lake, asked as any user does. Raises RuntimeError with its error."""
    command = [CATCHMENT, "--lake", str(lake), "sql", sql, "--format", "json"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"catchment sql: {done.stderr.strip()}")
    return list(json.loads(done.stdout))


def show(console: Console, lake: Path, truth: Path) -> None:
    """Print the summary of a lake beside the truth about what was planted in it."""
    views: dict[str, list[str]] = {}
    for row in query(lake, "select table_schema, table_name from information_schema.tables order by all"):
        views.setdefault(row["table_schema"], []).append(row["table_name"])
    findings = query(lake, FINDINGS) if "findings" in views else []
    for table in (
        _landed(lake, views.get("bronze", [])),
        _classes(lake, views.get("ocsf", [])),
        _findings(findings),
        _planted(findings, json.loads(truth.read_text())),
    ):
        console.print()
        console.print(table)


def further(lake: Path, url: str | None) -> Group:
    """The commands to look further."""
    place = lake.relative_to(Path.cwd()) if lake.is_relative_to(Path.cwd()) else lake
    here = f".venv/bin/catchment --lake {place}"
    top = "select api_operation, count(*) n from ocsf.api_activity group by 1 order by n desc limit 20"
    lines = [
        f'{here} sql "select * from findings.findings"',
        f'{here} sql "{top}"',
        f"{here} status           # lag and what waits, by source",
        f"{here} detections       # what each detection looks for, and which requirement it answers",
        f"{here} quarantine list  # what could not be read, and why",
    ]
    lines += [f"{url}  # Airflow", "make down  # stops it"] if url else ["make up  # leaves Airflow running"]
    return Group(Text("\nLook further", style="bold"), *(Text(f"  {line}") for line in lines))


def _landed(lake: Path, sources: Iterable[str]) -> Table:
    table = _table("Landed", "source", "records", "objects", "quarantined", "newest event", "landed after")
    union = " union all ".join(
        f"select '{name}' source, count(*) records, count(distinct object_uri) objects,"
        f" max(event_time)::varchar newest, date_diff('second', max(event_time), max(landed_at)) lag"
        f", (select count(*) from ops.quarantine where source = '{name}') bad from bronze.{name}"
        for name in sources
    )
    for row in query(lake, union) if union else []:
        table.add_row(
            row["source"],
            f"{row['records']:,}",
            f"{row['objects']:,}",
            f"{row['bad']:,}",
            str(row["newest"] or "-"),
            _span(row["lag"]),
        )
    return table


def _classes(lake: Path, classes: Iterable[str]) -> Table:
    table = _table("Normalised", "OCSF class", "rows")
    union = " union all ".join(f"select '{name}' class, count(*) n from ocsf.{name}" for name in classes)
    for row in query(lake, union) if union else []:
        table.add_row(row["class"], f"{row['n']:,}")
    return table


def _findings(findings: Iterable[Row]) -> Table:
    counts: dict[tuple[int, str], int] = {}
    for row in findings:
        key = (row["severity_id"], row["title"])
        counts[key] = counts.get(key, 0) + 1
    table = _table("Found", "severity", "finding", "count")
    for (severity, title), count in counts.items():
        name, style = SEVERITIES.get(severity, ("Unknown", ""))
        table.add_row(Text(name, style=style), Text(title), str(count))
    return table


def _planted(findings: Iterable[Row], truth: Row) -> Table:
    """One line a planted step that a detection must see: is there a finding that rests on its events?"""
    evidence: dict[str, set[str]] = {}
    for row in findings:
        evidence.setdefault(row["analytic_uid"], set()).update(row["evidence_event_uids"])
    table = _table("Planted", "attack", "step that must be seen", "found")
    for chain in truth["chains"]:
        title = chain["title"]
        for step in chain["steps"]:
            if step["detection"]:
                found = step["detection"] in evidence
                table.add_row(
                    title, step["detection"], Text("yes", "green") if found else Text("NO", "bold red")
                )
                title = ""
    return table


def _table(title: str, *columns: str) -> Table:
    """A table whose number columns are right-aligned."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        numeric = column in {"records", "objects", "quarantined", "rows", "count", "landed after"}
        table.add_column(column, justify="right" if numeric else "left")
    return table


def _span(seconds: int | None) -> str:
    """A length of time as a person says it."""
    if seconds is None:
        return "-"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds} s"
