"""What the CLI tells people: tables, progress, and the state of sources and detections as rows."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from transforms.errors import ConfigError
from transforms.settings import REPOSITORY, Settings

if TYPE_CHECKING:
    import duckdb

    from transforms.lake.table import Lake


@contextmanager
def working(what: str) -> Iterator[Callable[[str], None]]:
    """A spinner on the terminal while a person watches; silent otherwise."""
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    from rich.console import Console

    with Console(stderr=True).status(what) as status:
        yield lambda text: status.update(f"{what}: {text}")


def table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows for a person; cut to the terminal where there is one, whole in a pipe."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    wide = sys.stdout.isatty()
    shown = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in names:
        shown.add_column(name, overflow="ellipsis" if wide else "ignore", no_wrap=not wide)
    for row in rows:
        shown.add_row(*(Text(value) for value in row))
    Console(width=None if wide else 10_000, soft_wrap=not wide).print(shown)


def sources(settings: Settings) -> list[dict[str, Any]]:
    from transforms.sources import registry

    rows = []
    for source in registry().values():
        try:
            places: str | None = " ".join(settings.source_locations(source.name))
        except ConfigError:
            places = None
        rows.append(
            {
                "source": source.name,
                "title": source.title,
                "domain": source.domain,
                "from": places,
                "documentation": source.documentation,
            }
        )
    return rows


def declared() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every detection's name and what its yml declares (config.meta), in name order, without starting dbt."""
    import yaml

    for path in sorted((REPOSITORY / "dbt_project" / "models" / "detections").rglob("*.yml")):
        for model in yaml.safe_load(path.read_text())["models"]:
            yield model["name"], model["config"]["meta"]


def detections() -> list[dict[str, Any]]:
    return [
        {
            "detection": name,
            "title": meta["title"],
            "severity_id": meta["severity_id"],
            "shape": meta["shape"],
            "window_minutes": meta["window"],
            "requirement_ids": meta["requirement_ids"],
            "attack": [a.get("sub_technique_uid") or a.get("technique_uid") for a in meta.get("attack", [])],
            "inputs": sorted(meta["inputs"]),
        }
        for name, meta in declared()
    ]


def suppressions(settings: Settings) -> list[dict[str, Any]]:
    """Every suppression of the project with the number of findings that it hides in this lake.

    `state`: expired (as of today), unused (it never hid anything here), or active.
    """
    from transforms.lake.table import Lake
    from transforms.warehouse.session import connect, register_views
    from transforms.warehouse.suppressions import load

    con = connect(settings)
    hidden: dict[str, int] = {}
    if "findings.suppressed" in register_views(con, Lake(settings)):
        counted = "select suppression_uid, sum(findings) from findings.suppressed group by suppression_uid"
        hidden = {uid: int(n) for uid, n in con.execute(counted).fetchall()}
    today = datetime.now(UTC).date()
    return [
        {
            "suppression": s.suppression_uid,
            "detection": s.detection,
            "column": s.column,
            "pattern": s.pattern,
            "owner": s.owner,
            "reason": s.reason,
            "expires": s.expires,
            "state": "expired" if s.expires <= today else "unused" if s.suppression_uid not in hidden else "active",
            "hidden_findings": hidden.get(s.suppression_uid, 0),
        }
        for s in load(settings)
    ]


def status(settings: Settings) -> list[dict[str, Any]]:
    from transforms.lake.ledger import Ledger, ledger_table
    from transforms.lake.table import Lake
    from transforms.sources import registry
    from transforms.warehouse.session import connect, register_views

    lake = Lake(settings)
    if not lake.table("ops/ledger").exists():
        return []
    snapshot = ledger_table(lake).open()
    con = connect(settings)
    views = register_views(con, lake)
    landed = {
        r[0]: r[1:]
        for r in con.execute(
            """
            select source, count(*) filter (kind = 'landed'), sum(records) filter (kind = 'landed'),
                sum(quarantined) filter (kind = 'landed'), max("at") filter (kind = 'landed'),
                count(*) filter (kind = 'failed')
            from ops.ledger group by source
            """
        ).fetchall()
    }
    health = _health(con) if {"marts.health_source", "marts.health_detection"} <= set(views) else {}
    rows = []
    for name in registry():
        if name not in landed:
            continue
        objects, records, quarantined, last, failures = landed[name]
        still_open, silent, blind = health.get(name, (None, None, None))
        ledger = Ledger(snapshot, name)
        waiting = [p for lane in ledger.lanes() for plans in ledger.open_plans(lane).values() for p in plans]
        newest = None
        if f"bronze.{name}" in views:
            newest = max(
                (h for f in lake.table(f"bronze/{name}").open().files() if (h := f.high("event_time")) is not None),
                default=None,
            )
        rows.append(
            {
                "source": name,
                "objects": objects,
                "records": int(records or 0),
                "quarantined": int(quarantined or 0),
                "quarantine_open": still_open,
                "last_landed": last,
                "newest_event": newest,
                "lag_seconds": int((last - newest).total_seconds()) if last and newest else None,
                "open_objects": len(waiting),
                "oldest_open": min((p.object_time for p in waiting), default=None),
                "failed_reads": failures,
                "unbuilt_records": _unbuilt(lake, name),
                "silent_accounts": silent,
                "blind_detections": blind,
            }
        )
    return rows


def _health(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int, int]]:
    """By source, from the health marts: open quarantine entries, accounts that are silent now, and detections that are
    blind now in one of its accounts."""
    found = con.execute(
        """
        with blind as (
            select detection, account_uid from marts.health_detection
            where state = 'BLIND' and end_dt = (select max(end_dt) from marts.health_detection)
        )
        select
            s.source,
            max(s.quarantined_open),
            count(distinct s.account_uid) filter (s.silent_since_dt is not null),
            count(distinct b.detection)
        from marts.health_source as s left join blind as b on b.account_uid = s.account_uid
        group by s.source
        """
    ).fetchall()
    return {source: (int(still_open), int(silent), int(blind)) for source, still_open, silent, blind in found}


def _unbuilt(lake: Lake, source: str) -> int:
    """Bronze rows that wait for `build`: those of the versions beyond the class table that is furthest behind."""
    from transforms.lake.rebuild import until_txn
    from transforms.lake.table import LogGone, ocsf_txn

    bronze = lake.table(f"bronze/{source}")
    if not bronze.exists():
        return 0
    tables = [lake.table(f"ocsf/{name}").open() for name in lake.names("ocsf")]
    progress = [
        table.progress(ocsf_txn(source))
        for table in tables
        if table.progress(ocsf_txn(source)) >= 0 or table.progress(until_txn(source)) >= 0
    ]
    snapshot = bronze.open()
    try:
        return sum(f.rows for _, files in snapshot.added(min(progress, default=-1)) for f in files)
    except LogGone:  # build will go through all of them
        return sum(f.rows for f in snapshot.files())
