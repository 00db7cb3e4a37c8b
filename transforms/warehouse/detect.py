"""Detections to findings: the Python half of the detection materialization.

A detection reads the rows that it has not consumed and the days that they touch, and returns every (entity, window)
that was re-opened, firing or not. That is compared with its earlier findings: what is new is created, what changed
is updated, what was mended since is resolved, what no longer fires is withdrawn: it never was wrong. One commit at the
end carries the rows and the progress of every detection that succeeded; a detection that failed keeps its old progress.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

import duckdb
import pyarrow as pa

from transforms.errors import ConfigError
from transforms.lake.table import Changes, DataFile, Reading, Snapshot, reading_of
from transforms.settings import Settings
from transforms.warehouse.inputs import Inputs, days_of, input_view, progress_txn, tables_of
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
    rows: pa.Table | None = None


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
    """Compute one detection. Nothing is committed; its rows and progress wait in the result."""
    result = Detected(model)
    names = tables_of(refs)
    fresh: dict[str, list[DataFile]] = {}
    for name in names:
        consumed = findings.progress(progress_txn(model, name))
        head = inputs.open(name)
        fresh[name] = inputs.added(name, consumed) if head.version > consumed else []
        if head.version > consumed:
            result.progress[progress_txn(model, name)] = head.version
        result.new += reading_of(fresh[name])
    touched = {date.fromisoformat(day) for files in fresh.values() for day in days_of(files)}
    mark = watermark_of(inputs, findings, model, meta)
    if mark is not None and mark.now > mark.before:
        result.progress[watermark_txn(model, mark.source)] = mark.now
        touched |= mark.due(sorted({day for name in names for day in days_of(inputs.files(name))}))
    if not touched:
        return result
    back, ahead = int(meta["lookback_days"]), int(meta["lookahead_days"])  # as far as its windows reach
    wanted = {(day + timedelta(days=d)).isoformat() for day in touched for d in range(-back, ahead + 1)}
    for name in names:
        seen = [f for f in inputs.files(name) if f.partition["event_date"] in wanted]
        result.seen += reading_of(seen)
        input_view(con, inputs, "new", model, name, fresh[name])
        input_view(con, inputs, "seen", model, name, seen)
    if mark is not None:
        watermark_view(con, model, mark)
    con.execute(f"create or replace table catchment_work.detected as {sql}")
    _check(con, model)
    earlier = _earlier(con, findings, model)
    result.rows = _revisions(con, settings, result, meta, suppressions, earlier, now)
    con.execute("drop table catchment_work.detected")
    return result


def _check(con: duckdb.DuckDBPyConnection, model: str) -> None:
    have = {name for name, *_ in con.execute("describe catchment_work.detected").fetchall()}
    if have != set(INTERFACE):
        missing, extra = sorted(set(INTERFACE) - have), sorted(have - set(INTERFACE))
        raise ConfigError(
            f"{model}: a detection returns {len(INTERFACE)} columns; missing {missing}, not wanted {extra}"
        )


def _earlier(
    con: duckdb.DuckDBPyConnection, findings: Snapshot, model: str
) -> dict[tuple[str, datetime], dict[str, Any]]:
    """The latest revision of this detection's findings in the days that were re-opened."""
    days = {
        row[0].isoformat()
        for row in con.execute("select distinct cast(window_start_dt as date) from catchment_work.detected").fetchall()
    }
    files = [f for f in findings.files() if f.partition["event_date"] in days and _may_hold(f, model)]
    if not files:
        return {}
    cursor = con.execute(
        f"""
        select * from (
            select *, max(revision) over (partition by finding_uid) as newest
            from {scan(findings.table, files)} where analytic_uid = ?
        ) where revision = newest
        """,
        [model],
    )
    names = [d[0] for d in cursor.description or []]
    return {
        (row["entity_key"], row["window_start_dt"]): row
        for row in (dict(zip(names, values, strict=True)) for values in cursor.fetchall())
    }


def _may_hold(f: DataFile, model: str) -> bool:
    low, high = f.low("analytic_uid"), f.high("analytic_uid")
    return low is None or high is None or low <= model <= high


def _revisions(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    result: Detected,
    meta: Mapping[str, Any],
    suppressions: Sequence[Suppression],
    earlier: Mapping[tuple[str, datetime], dict[str, Any]],
    now: datetime,
) -> pa.Table | None:
    """The revisions that the re-opened windows call for."""
    cursor = con.execute(
        f"select {', '.join(INTERFACE)} from catchment_work.detected order by window_start_dt, entity_key"
    )
    rows = []
    while block := cursor.fetchmany(10_000):
        for values in block:
            row = dict(zip(INTERFACE, values, strict=True))
            before = earlier.get((row["entity_key"], row["window_start_dt"]))
            standing = before if before is not None and before["revision_kind"] != "withdrawn" else None
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
                hidden = standing["suppressed_by"]
                rows.append(
                    _finding(
                        settings,
                        result.model,
                        meta,
                        standing,
                        before,
                        "withdrawn",
                        standing["content_hash"],
                        hidden,
                        now,
                    )
                )
    kinds = Counter(row["revision_kind"] for row in rows)
    result.created, result.updated = kinds["create"], kinds["update"]
    result.resolved, result.withdrawn = kinds["resolved"], kinds["withdrawn"]
    return pa.Table.from_pylist(rows) if rows else None


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


def commit_findings(findings: Snapshot, results: Sequence[Detected], schema: pa.Schema) -> bool:
    """One commit for the run: rows and progress of all that succeeded. False: another run was faster."""
    progress = {app: version for r in results for app, version in r.progress.items()}
    if not progress:
        return True
    tables = [_shaped(r.rows, schema) for r in results if r.rows is not None]
    files = findings.table.write(pa.concat_tables(tables), stats=("analytic_uid",)) if tables else []
    done = findings.table.commit_on(findings, Changes(files=files, progress=progress))
    if not done:
        findings.table.lake.remove(findings.table, files)
    return done


def _shaped(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Rows in the columns and types of the findings table; a column that it lacks is an error."""
    extra = set(rows.column_names) - set(schema.names)
    if extra:
        raise ConfigError(f"findings: the contract lacks {sorted(extra)}")
    columns = [
        rows.column(f.name).cast(f.type) if f.name in rows.column_names else pa.nulls(rows.num_rows, f.type)
        for f in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)
