"""What a tour ends with: what was landed, what it became, what was found, and whether that was planted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from itertools import groupby
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
Row = dict[str, Any]


def query(lake: Path, sql: str) -> list[Row]:
    """Rows of one question to the lake, asked as any user does. Raises RuntimeError with its error."""
    return _catchment(lake, "sql", sql, "--format", "json")


def _catchment(lake: Path, *arguments: str) -> list[Row]:
    return list(json.loads(_run(lake, *arguments)))


def _run(lake: Path, *arguments: str) -> str:
    """What a command of Catchment prints about a lake. Raises RuntimeError with its error."""
    command = [CATCHMENT, "--lake", str(lake), *arguments]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"catchment {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


def dashboard(lake: Path, out: Path) -> Path:
    """Write the dashboard of a lake into a folder; returns its page. Raises RuntimeError with the command's error."""
    _run(lake, "dashboard", "--out", str(out))
    return out / "index.html"


def show(console: Console, lake: Path, truth: Path) -> None:
    """Print the summary of a lake beside the truth about what was planted in it."""
    tables = query(lake, "select table_schema, table_name from information_schema.tables order by all")
    classes = [row["table_name"] for row in tables if row["table_schema"] == "ocsf"]
    found = findings(lake, classes)
    planted = [(c["title"], step) for c in json.loads(truth.read_text())["chains"] for step in c["steps"]]
    for part in (
        _landed(_catchment(lake, "status", "--json")),
        _classes(lake, classes),
        _findings(found),
        _planted(found, planted),
        _unplanted(found, planted),
    ):
        console.print()
        console.print(part)


def findings(lake: Path, classes: Iterable[str]) -> list[Row]:
    """The findings that stand, each with `vendor_ids`: the vendors' own ids of the events that it rests on.

    What a late event withdrew is no finding; what a suppression hides is counted in findings.suppressed. An event whose
    vendor gives no id, a flow, is known by its endpoints and time.
    """
    flow = "concat_ws('|', src_endpoint_ip, src_endpoint_port, dst_endpoint_ip, dst_endpoint_port, time)"
    events = " union all ".join(
        f"select event_uid, coalesce(metadata_uid, {flow}) as metadata_uid from ocsf.{name}" for name in classes
    )
    return query(
        lake,
        f"""
        with events as ({events}),
        standing as (
            select * from findings.findings where revision_kind <> 'withdrawn' and suppressed_by is null
        ),
        evidence as (select finding_uid, unnest(evidence_event_uids) as event_uid from standing),
        vendor as (
            select e.finding_uid, list(distinct o.metadata_uid) as vendor_ids
            from evidence as e join events as o on o.event_uid = e.event_uid group by 1
        )
        select f.severity_id, f.title, f.analytic_uid, f.analytic_name, coalesce(v.vendor_ids, []) as vendor_ids
        from standing as f left join vendor as v on v.finding_uid = f.finding_uid
        order by f.severity_id desc, f.analytic_name, f.title
        """,
    )


def sees(finding: Row, step: Row) -> bool:
    """Whether a finding is of the step's detection and rests on at least one of its events."""
    return finding["analytic_uid"] == step["detection"] and rests_on(finding, step)


def rests_on(finding: Row, step: Row) -> bool:
    """Whether at least one of the step's events is evidence of the finding."""
    planted = {part for uid in step["vendor_event_ids"] for part in (uid, *uid.split("|"))}
    return not planted.isdisjoint(finding["vendor_ids"])


def further(lake: Path, url: str | None) -> Group:
    """The commands to look further."""
    place = lake.relative_to(Path.cwd()) if lake.is_relative_to(Path.cwd()) else lake
    here = f".venv/bin/catchment --lake {place}"
    top = "select api_operation, count(*) as n from ocsf.api_activity group by 1 order by n desc limit 20"
    lines = [
        f'{here} sql "select * from findings.findings"',
        f'{here} sql "{top}"',
        f"{here} status           # lag and what waits, by source",
        f"{here} detections       # what each detection looks for, and which requirement it answers",
        f"{here} quarantine list  # what could not be read, and why",
    ]
    lines += [f"{url}  # Airflow", "make down  # stops it"] if url else ["make up  # leaves Airflow running"]
    return Group(Text("\nLook further", style="bold"), *(Text(f"  {line}") for line in lines))


def _landed(status: Iterable[Row]) -> Table:
    table = _table("Landed", "source", "objects", "records", "quarantined", "newest event", "lag", "waiting")
    for row in status:
        numbers = [f"{row[name]:,}" for name in ("objects", "records", "quarantined")]
        newest = (row["newest_event"] or "-")[:19].replace("T", " ")
        table.add_row(row["source"], *numbers, newest, _span(row["lag_seconds"]), str(row["open_objects"]))
    return table


def _classes(lake: Path, classes: Iterable[str]) -> Table:
    table = _table("Normalised", "OCSF class", "rows")
    union = " union all ".join(f"select '{name}' as class, count(*) as n from ocsf.{name}" for name in classes)
    for row in query(lake, union) if union else []:
        table.add_row(row["class"], f"{row['n']:,}")
    return table


def _findings(found: list[Row]) -> Table:
    table = _table("Found", "severity", "finding", "count", "for example")
    for (severity, name), rows in groupby(found, key=lambda row: (row["severity_id"], row["analytic_name"])):
        titles = [row["title"] for row in rows]
        label, style = SEVERITIES.get(severity, ("Unknown", ""))
        table.add_row(Text(label, style=style), Text(name), str(len(titles)), Text(titles[0]))
    return table


def _planted(found: list[Row], planted: list[tuple[str, Row]]) -> Table:
    """One line a planted step that a detection must see."""
    table = _table("Planted", "attack", "step", "at", "found")
    last = ""
    for title, step in planted:
        seen = any(sees(finding, step) for finding in found)
        at = step["first_time"][:16].replace("T", " ")
        mark = Text("yes", "green") if seen else Text("NO", "bold red")
        table.add_row(Text("" if title == last else title), step["detection"], at, mark)
        last = title
    return table


def _unplanted(found: list[Row], planted: list[tuple[str, Row]]) -> Text:
    """How many findings rest on nothing that was planted."""
    rest = [row for row in found if not any(rests_on(row, step) for _, step in planted)]
    names = sorted({row["analytic_uid"] for row in rest})
    return Text(f"{len(rest)} findings rest on ordinary behaviour{': ' if names else ''}{', '.join(names)}")


def _table(title: str, *columns: str) -> Table:
    """A table whose number columns are right-aligned."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        numeric = column in {"records", "objects", "quarantined", "rows", "count", "lag", "waiting"}
        table.add_column(column, justify="right" if numeric else "left", no_wrap=column == "step")
    return table


def _span(seconds: int | None) -> str:
    """A length of time as a person says it."""
    if seconds is None:
        return "-"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds} s"
