"""Detections to findings: the Python half of the detection materialization.

A detection reads the rows that it has not consumed and the days that they touch, and returns every (entity, window)
that was re-opened, firing or not. That is compared with its earlier findings: what is new is created, what changed
is updated, what was mended since is resolved, what no longer fires is withdrawn: it never was wrong. One commit at the
end carries the rows and the progress of every detection that succeeded; a detection that failed keeps its old progress.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, TypeAlias

import duckdb
import pyarrow as pa

from transforms.errors import ConfigError
from transforms.lake.table import Changes, DataFile, Reading, Snapshot, reading_of
from transforms.settings import Settings
from transforms.warehouse.inputs import Inputs, Unseen, by_day, consume, day_groups, input_view, needed, tables_of
from transforms.warehouse.session import scan
from transforms.warehouse.suppressions import Suppression, suppressed_by
from transforms.warehouse.watermarks import watermark_of, watermark_txn, watermark_view

INTERFACE = (
    "entity_key",
    "window_start_dt",
    "window_end_dt",
    "fires",
    "resolved",
    "title",
    "first_seen_dt",
    "last_seen_dt",
    "count",
    "evidence_event_uids",
    "actor_user_name",
    "actor_user_uid",
    "src_endpoint_ip",
    "cloud_provider",
    "cloud_account_uid",
    "cloud_region",
    "resource_uid",
    "resource_name",
    "resource_type",
    "detail",
)
"""The columns that a detection's SQL returns."""
KEPT = tuple(c for c in INTERFACE if c not in ("fires", "resolved"))
"""Those of them that a finding has."""
CONTENT = tuple(c for c in KEPT if c != "window_end_dt")
ACTIVITIES = {"create": 1, "update": 2, "resolved": 3, "withdrawn": 3}
NEW, SUPPRESSED, RESOLVED = 1, 3, 4
STATUSES = {NEW: "New", SUPPRESSED: "Suppressed", RESOLVED: "Resolved"}
SEVERITIES = {1: "Informational", 2: "Low", 3: "Medium", 4: "High", 5: "Critical", 6: "Fatal"}
STATS = ("analytic_uid",)
Key: TypeAlias = tuple[str, datetime]
"""What tells a detection's findings apart: the entity, and when the window begins."""
RISK = {1: 5, 2: 20, 3: 45, 4: 70, 5: 90, 6: 100}


@dataclass(slots=True)
class Detected:
    """What one detection did in one run."""

    model: str
    created: int = 0
    updated: int = 0
    resolved: int = 0
    withdrawn: int = 0
    new: Reading = field(default_factory=Reading)
    seen: Reading = field(default_factory=Reading)
    progress: dict[str, int] = field(default_factory=dict)
    unseen: dict[str, Unseen] = field(default_factory=dict)
    """Inputs whose log was cleaned up before it was consumed: their snapshot was read instead."""
    rows: pa.Table | None = None
    files: list[DataFile] = field(default_factory=list)


def detect_one(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    inputs: Inputs,
    findings: Snapshot,
    *,
    model: str,
    sql: str,
    meta: Mapping[str, Any],
    refs: Sequence[str],
    suppressions: Sequence[Suppression],
    now: datetime,
) -> Detected:
    """Compute one detection. Nothing is committed; its rows and progress wait in the result.

    The opened days are worked off group by group, so that a detection that meets a large history, or meets it again,
    reads no more at a time than one that was there from the start.
    """
    result = Detected(model)
    names = tables_of(refs)
    fresh = consume(inputs, findings, model, names)
    result.progress, result.unseen = dict(fresh.progress), dict(fresh.unseen)
    result.new = reading_of(f for files in fresh.files.values() for f in files)
    new = {name: by_day(files) for name, files in fresh.files.items()}
    live = {name: inputs.days(name) for name in names}
    mark, due = watermark_of(inputs, findings, model, meta), set[str]()
    if mark is not None and mark.now > mark.before:
        result.progress[watermark_txn(model, mark.source)] = mark.now
        due = {day.isoformat() for day in mark.due(sorted({day for files in live.values() for day in files}))}
    opened = sorted(due.union(*new.values()))
    if not opened and not fresh.rebuilt:
        return result
    reach = timedelta(int(meta["lookback_days"])), timedelta(int(meta["lookahead_days"]))  # as far as its windows do
    groups = day_groups(opened, live, dict.fromkeys(names, reach), settings.batch_bytes)
    if mark is not None and len(groups) > 1:  # what fell due beside a group is another's: each opens its own anew
        mark = replace(mark, before=mark.now)
        new = {name: files | {day: live[name][day] for day in due & live[name].keys()} for name, files in new.items()}
    standing = _standing(con, findings, model) if fresh.rebuilt else {}
    decided: set[Key] = set()
    for group in groups:
        for name in names:
            seen = needed(group, live[name], reach)
            result.seen += reading_of(seen)
            input_view(con, inputs, "new", model, name, [f for day in group for f in new[name].get(day, ())])
            input_view(con, inputs, "seen", model, name, seen)
        if mark is not None:
            watermark_view(con, model, mark)
        con.execute(f"create or replace table catchment_work.detected as {sql}")
        _check(con, model)
        days = con.execute("select distinct cast(window_start_dt as date) from catchment_work.detected").fetchall()
        earlier = _earlier(con, findings, model, {day.isoformat() for (day,) in days})
        _hold(result, findings, _revisions(con, settings, result, meta, suppressions, earlier, decided, standing, now))
        con.execute("drop table catchment_work.detected")
    if standing:  # what they rested on is no more
        earlier = _earlier(con, findings, model, set(standing.values()))
        _hold(result, findings, [_withdrawal(settings, model, meta, earlier[key], now) for key in sorted(standing)])
    return result


def _hold(result: Detected, findings: Snapshot, rows: Sequence[Mapping[str, Any]]) -> None:
    """Hold rows for the commit. Those of an earlier group are written to files first."""
    if not rows:
        return
    if result.rows is not None:
        result.files += findings.table.write(_shaped(result.rows, findings), stats=STATS)
    result.rows = pa.Table.from_pylist(rows)
    kinds = Counter(row["revision_kind"] for row in rows)
    result.created += kinds["create"]
    result.updated += kinds["update"]
    result.resolved += kinds["resolved"]
    result.withdrawn += kinds["withdrawn"]


def _check(con: duckdb.DuckDBPyConnection, model: str) -> None:
    have = {name for name, *_ in con.execute("describe catchment_work.detected").fetchall()}
    if have != set(INTERFACE):
        missing, extra = sorted(set(INTERFACE) - have), sorted(have - set(INTERFACE))
        raise ConfigError(
            f"{model}: a detection returns {len(INTERFACE)} columns; missing {missing}, not wanted {extra}"
        )


def _earlier(
    con: duckdb.DuckDBPyConnection, findings: Snapshot, model: str, days: Collection[str]
) -> dict[Key, dict[str, Any]]:
    """The latest revision of this detection's findings whose windows begin on these days."""
    cursor = _latest(con, findings, model, [f for f in findings.files() if f.partition["event_date"] in days], "*")
    if cursor is None:
        return {}
    names = [d[0] for d in cursor.description or []]
    return {
        (row["entity_key"], row["window_start_dt"]): row
        for row in (dict(zip(names, values, strict=True)) for values in cursor.fetchall())
    }


def _standing(con: duckdb.DuckDBPyConnection, findings: Snapshot, model: str) -> dict[Key, str]:
    """The findings of a detection that are not withdrawn, each with the day that its window begins on."""
    columns = "entity_key, window_start_dt, event_date, revision_kind"
    cursor = _latest(con, findings, model, findings.files(), columns)
    rows = cursor.fetchall() if cursor is not None else []
    return {(entity, start): day.isoformat() for entity, start, day, kind in rows if kind != "withdrawn"}


def _latest(
    con: duckdb.DuckDBPyConnection, findings: Snapshot, model: str, files: Sequence[DataFile], columns: str
) -> duckdb.DuckDBPyConnection | None:
    """Query the latest revision of each of a detection's findings in some files; None where no file holds one."""
    files = [f for f in files if _may_hold(f, model)]
    if not files:
        return None
    return con.execute(
        f"""
        select {columns} from (
            select *, max(revision) over (partition by finding_uid) as newest
            from {scan(findings.table, files)} where analytic_uid = ?
        ) where revision = newest
        """,
        [model],
    )


def _may_hold(f: DataFile, model: str) -> bool:
    low, high = f.low("analytic_uid"), f.high("analytic_uid")
    return low is None or high is None or low <= model <= high


def _revisions(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    result: Detected,
    meta: Mapping[str, Any],
    suppressions: Sequence[Suppression],
    earlier: Mapping[Key, dict[str, Any]],
    decided: set[Key],
    unmet: dict[Key, str],
    now: datetime,
) -> list[dict[str, Any]]:
    """The revisions that the re-opened windows call for. A window that two groups of days open is `decided` once, since
    each sees all of it; a finding whose window was opened is taken out of `unmet`."""
    cursor = con.execute(
        f"select {', '.join(INTERFACE)} from catchment_work.detected order by window_start_dt, entity_key"
    )
    rows = []
    while block := cursor.fetchmany(10_000):
        for values in block:
            row = dict(zip(INTERFACE, values, strict=True))
            key = (row["entity_key"], row["window_start_dt"])
            unmet.pop(key, None)
            before = earlier.get(key)
            standing = before if before is not None and before["revision_kind"] != "withdrawn" else None
            if key in decided:
                continue
            if row["fires"]:
                digest, hidden = _content_hash(row), suppressed_by(suppressions, result.model, row)
                if standing is None:
                    kind = "create"
                elif (standing["content_hash"], standing["suppressed_by"]) == (digest, hidden):
                    continue
                else:
                    kind = "resolved" if row["resolved"] and standing["status_id"] != RESOLVED else "update"
                rows.append(_finding(settings, result.model, meta, row, before, kind, digest, hidden, now))
            elif standing is not None:
                rows.append(_withdrawal(settings, result.model, meta, standing, now))
            else:
                continue
            decided.add(key)
    return rows


def _withdrawal(
    settings: Settings, model: str, meta: Mapping[str, Any], standing: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    digest, hidden = standing["content_hash"], standing["suppressed_by"]
    return _finding(settings, model, meta, standing, standing, "withdrawn", digest, hidden, now)


def _content_hash(row: Mapping[str, Any]) -> str:
    content = {name: row[name] for name in CONTENT}
    return sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def finding_uid(model: str, organisation: str, entity_key: str, window_start: datetime) -> str:
    """The same finding has the same id wherever and whenever it is computed."""
    start = window_start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return sha256("\n".join((model, organisation, entity_key, start)).encode()).hexdigest()


def _finding(
    settings: Settings,
    model: str,
    meta: Mapping[str, Any],
    row: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    kind: str,
    digest: str,
    hidden: str | None,
    now: datetime,
) -> dict[str, Any]:
    severity = int(meta["severity_id"])
    activity = ACTIVITIES[kind]
    status_id = RESOLVED if kind == "withdrawn" or row.get("resolved") else NEW if hidden is None else SUPPRESSED
    attack = meta.get("attack") or []
    return {
        **{name: row[name] for name in KEPT},
        "finding_uid": finding_uid(model, settings.organisation, row["entity_key"], row["window_start_dt"]),
        "revision": 1 if before is None else before["revision"] + 1,
        "revision_kind": kind,
        "activity_id": activity,
        "class_uid": 2004,
        "category_uid": 2,
        "type_uid": 200400 + activity,
        "description": meta.get("description"),
        "types": [meta["shape"]],
        "analytic_uid": model,
        "analytic_name": meta["title"],
        "analytic_type_id": 3 if meta["shape"] == "anomaly" else 2 if meta["shape"] in ("first_seen", "absence") else 1,
        "analytic_version": str(meta.get("version", 1)),
        "attack_tactic_uid": _distinct(attack, "tactic_uid"),
        "attack_tactic_name": _distinct(attack, "tactic_name"),
        "attack_technique_uid": _distinct(attack, "technique_uid"),
        "attack_technique_name": _distinct(attack, "technique_name"),
        "attack_sub_technique_uid": _distinct(attack, "sub_technique_uid"),
        "requirement_ids": list(meta["requirement_ids"]),
        "severity_id": severity,
        "severity": SEVERITIES[severity],
        "confidence_id": int(meta.get("confidence_id", 2)),
        "risk_score": RISK[severity],
        "status_id": status_id,
        "status": STATUSES[status_id],
        "is_alert": kind == "create" and hidden is None,
        "organisation": settings.organisation,
        "event_date": row["window_start_dt"].astimezone(UTC).date(),
        "created_dt": now if before is None else before["created_dt"],
        "modified_dt": now,
        "content_hash": digest,
        "suppressed_by": hidden,
        "related_finding_uids": None,
    }


def _distinct(attack: Sequence[Mapping[str, Any]], key: str) -> list[str]:
    return list(dict.fromkeys(str(a[key]) for a in attack if a.get(key)))


def commit_findings(findings: Snapshot, results: Sequence[Detected]) -> bool:
    """One commit for the run: rows and progress of all that succeeded. False: another run was faster."""
    progress = {app: version for r in results for app, version in r.progress.items()}
    if not progress:
        return True
    tables = [_shaped(r.rows, findings) for r in results if r.rows is not None]
    files = [f for r in results for f in r.files]
    files += findings.table.write(pa.concat_tables(tables), stats=STATS) if tables else []
    done = findings.table.commit_on(findings, Changes(files=files, progress=progress))
    if not done:
        findings.table.lake.remove(findings.table, files)
    return done


def _shaped(rows: pa.Table, findings: Snapshot) -> pa.Table:
    """Rows in the columns and types of the findings table; a column that it lacks is an error."""
    schema = pa.schema(findings.handle.schema())
    extra = set(rows.column_names) - set(schema.names)
    if extra:
        raise ConfigError(f"findings: the contract lacks {sorted(extra)}")
    columns = [
        rows.column(f.name).cast(f.type) if f.name in rows.column_names else pa.nulls(rows.num_rows, f.type)
        for f in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)
