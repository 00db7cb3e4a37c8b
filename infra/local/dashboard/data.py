"""What the dashboard shows, asked of the lake in read-only SQL: plain values, capped, with the true counts beside them.

A view that the lake does not have (nothing correlated yet, no source of version control) leaves its part empty.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from transforms import report
from transforms.cli import plain
from transforms.settings import Settings
from transforms.warehouse.query import rows

Row = dict[str, Any]
Ask = Callable[[str], list[Row]]

FINDINGS = 2_000
EVIDENCE_EACH = 20
"""Records shown of one finding; the finding says its true count."""
RAW_CHARACTERS = 16_000
"""Of one record; the page says how long it is."""
RAW_TOTAL = 12_000_000
"""Characters of all records together; findings that come later show ids only."""
CHANGES, EDGES = 1_000, 8_000
SOURCES, INTERVALS = 500, 12_000
VOLUME_DAYS = 14
FINDING = {
    "uid": "finding_uid", "title": "title", "severity_id": "severity_id", "detection": "analytic_uid",
    "description": "description", "account": "cloud_account_uid", "region": "cloud_region",
    "window_start": "window_start_dt", "first_seen": "first_seen_dt", "last_seen": "last_seen_dt", "count": "count",
    "actor_name": "actor_user_name", "actor_uid": "actor_user_uid", "ip": "src_endpoint_ip",
    "resource_uid": "resource_uid", "resource_name": "resource_name", "resource_type": "resource_type",
    "status": "status", "revision": "revision", "revision_kind": "revision_kind", "suppressed_by": "suppressed_by",
    "detail": "detail", "requirement_ids": "requirement_ids",
}  # fmt: skip


def collect(settings: Settings, now: datetime | None = None) -> dict[str, Any]:
    """Everything that the page shows of a lake. `now` is what the page calls the time of its making."""

    def ask(question: str) -> list[Row]:
        names, blocks = rows(settings, question)
        return [dict(zip(names, map(plain, row), strict=True)) for block in blocks for row in block]

    views = {
        f"{row['table_schema']}.{row['table_name']}"
        for row in ask("select table_schema, table_name from information_schema.tables")
    }
    found = findings(ask) if "findings.findings" in views else {"rows": [], "total": 0}
    return {
        "generated": plain((now or datetime.now(UTC)).replace(microsecond=0)),
        "organisation": settings.organisation,
        "lake": settings.lake,
        "findings": found,
        "evidence": evidence(ask, views, found["rows"]),
        "detections": detections(),
        "requirements": requirements(ask, views),
        "lineage": lineage(ask, views),
        "health": health(ask, views),
    }


def findings(ask: Ask) -> Row:
    """The standing findings, the gravest and latest first; those that a late event withdrew are not findings."""
    standing = "from findings.findings where revision_kind <> 'withdrawn'"
    columns = ", ".join(f"{column} as {name}" for name, column in FINDING.items())
    shown = ask(
        f"""
        select {columns}, attack_technique_uid as technique_uids, attack_sub_technique_uid as sub_technique_uids,
            list_slice(evidence_event_uids, 1, {EVIDENCE_EACH}) as evidence
        {standing}
        order by status_id = 4, severity_id desc, last_seen_dt desc, finding_uid limit {FINDINGS}
        """
    )
    for row in shown:
        both = (row.pop("technique_uids") or []) + (row.pop("sub_technique_uids") or [])
        row["techniques"] = sorted({uid for uid in both if uid})
        row["requirement_ids"] = row["requirement_ids"] or []
        row["evidence"] = row["evidence"] or []
    return {"rows": shown, "total": ask(f"select count(*) as n {standing}")[0]["n"]}


def evidence(ask: Ask, views: Iterable[str], found: Sequence[Row]) -> Row:
    """The records that prove the findings, by event_uid: place and bytes as delivered, from bronze."""
    answer: Row = {"each": EVIDENCE_EACH, "rows": {}}
    wanted = list(dict.fromkeys(uid for row in found for uid in row["evidence"] if re.fullmatch(r"[0-9a-f]{64}", uid)))
    classes = sorted(view for view in views if view.startswith("ocsf."))
    if not wanted or not classes:
        return answer
    first, last = min(row["first_seen"] for row in found), max(row["last_seen"] for row in found)
    days = f"event_date between date '{first[:10]}' and date '{last[:10]}'"
    listed = ", ".join(f"('{uid}')" for uid in wanted)
    operation = "coalesce(nullif(metadata_event_code, ''), class_name)"
    events = " union all ".join(
        f"select event_uid, source, object_uri, record_no, time_dt, {operation} as operation from {view} where {days}"
        for view in classes
    )
    placed = ask(
        f"""
        with wanted(event_uid) as (values {listed})
        select event_uid, source, object_uri, record_no, time_dt as time, operation
        from ({events}) join wanted using (event_uid)
        order by event_uid, object_uri, record_no
        """
    )
    places: dict[str, Row] = {}
    for row in placed:
        places.setdefault(row["event_uid"], row)
    raw: dict[tuple[str, str, int], tuple[str, int]] = {}
    for source in sorted({row["source"] for row in places.values()}):
        mine = ", ".join(f"('{uid}')" for uid, row in places.items() if row["source"] == source)
        for row in ask(
            f"""
            with wanted(event_uid) as (values {mine})
            select event_uid, object_uri, record_no, substr(raw, 1, {RAW_CHARACTERS}) as raw, length(raw) as length
            from bronze.{source} join wanted using (event_uid) where {days}
            """
        ):
            raw[row["event_uid"], row["object_uri"], row["record_no"]] = (row["raw"], row["length"])
    room = RAW_TOTAL
    for uid in wanted:
        place = places.get(uid)
        text = place and raw.get((uid, place["object_uri"], place["record_no"]))
        if not place or not text:
            continue
        room -= len(text[0])
        if room < 0:
            break
        answer["rows"][uid] = {**place, "raw": text[0], "length": text[1]}
    return answer


def detections() -> list[Row]:
    """What each detection of this checkout declares for readers."""
    return [
        {
            "uid": name,
            **{key: meta[key] for key in ("title", "severity_id", "attack", "requirement_ids")},
            **{key: meta.get(key, "") for key in ("runbook", "false_positives", "blind_spots")},
        }
        for name, meta in report.declared()
    ]


def requirements(ask: Ask, views: Iterable[str]) -> list[Row]:
    if "marts.health_requirement" not in views:
        return []
    return ask(
        """
        select requirement_id as id, kind, title, behaviours, detections, marts, state
        from marts.health_requirement order by requirement_id
        """
    )


def lineage(ask: Ask, views: Iterable[str]) -> Row:
    """The latest changes and edges. The marts' columns may grow: those that this page does not know are facts."""
    if not {"marts.lineage_edge", "marts.lineage_change"} <= set(views):
        return {"present": False, "total": 0, "changes": [], "edges": [], "edges_total": 0}
    edges = ask(
        f"""
        select from_kind, from_uid, to_kind, to_uid, method, confidence, len(evidence_event_uids) as evidence
        from marts.lineage_edge order by first_seen_dt desc, edge_uid limit {EDGES}
        """
    )
    changes = ask(f"select * from marts.lineage_change order by event_date desc, change_uid limit {CHANGES}")
    return {
        "present": True,
        "total": ask("select count(*) as n from marts.lineage_change")[0]["n"],
        "changes": [change(row) for row in changes],
        "edges": edges,
        "edges_total": ask("select count(*) as n from marts.lineage_edge")[0]["n"],
    }


def change(row: Mapping[str, Any]) -> Row:
    """One change for the page: what it names itself by, and every further column as a fact. It is an api_call node."""
    shown = ("origin", "time_dt", "event_date")
    facts = [
        [name, text(value)]
        for name, value in row.items()
        if value not in (None, "", []) and name not in shown and not name.endswith("_uids")
    ]
    return {
        "uid": row["change_uid"],
        "title": " ".join(str(row[name]) for name in ("api_operation", "resource_uid") if row.get(name)),
        "time": row.get("time_dt") or row.get("event_date"),
        "origin": row.get("origin") or "unknown",
        "author": row.get("author") or row.get("starter_name") or row.get("actor_user_name"),
        "facts": facts,
    }


def text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def health(ask: Ask, views: Iterable[str]) -> Row:
    if not {"marts.health_source", "marts.health_detection", "rollups.health_source_hour"} <= set(views):
        return {
            "present": False, "sources": [], "sources_total": 0, "volume": {}, "quarantine": [], "intervals": [],
            "intervals_total": 0,
        }  # fmt: skip
    sources = ask(
        f"""
        select source, account_uid as account, rows_day, usual_day, unmapped_count as unmapped,
            collision_count as collisions, last_event_dt as last_event, lag_p50_seconds, lag_max_seconds,
            silent_since_dt as silent_since, quarantined_open, quarantined_total, open_plans, failed_reads
        from marts.health_source
        order by account_uid is not null, silent_since_dt is null, rows_day desc, source, account_uid limit {SOURCES}
        """
    )
    hours = ask(
        f"""
        with hours as (
            select source, hour_dt, sum(rows_count) as n from rollups.health_source_hour
            where rows_count > ahead_count group by all
        )
        select source, hour_dt as hour, n from hours
        where hour_dt > (select max(hour_dt) from hours) - interval {VOLUME_DAYS} day
        order by source, hour_dt
        """
    )
    intervals = ask(
        f"""
        select detection, account_uid as account, state, start_dt as "from", end_dt as "to", reason,
            end_dt = max(end_dt) over () as current
        from marts.health_detection
        order by state = 'CLEAN', end_dt desc, detection, account_uid limit {INTERVALS}
        """
    )
    return {
        "present": True,
        "sources": sources,
        "sources_total": ask("select count(*) as n from marts.health_source")[0]["n"],
        "volume": volume(hours),
        "quarantine": ask(
            """
            select source, reason, open_count as open, total_count as total, newest_dt as newest
            from marts.health_quarantine order by open_count desc, source, reason limit 200
            """
        ),
        "intervals": intervals,
        "intervals_total": ask("select count(*) as n from marts.health_detection")[0]["n"],
    }


def volume(hours: Sequence[Row]) -> dict[str, list[list[Any]]]:
    """Records of each source by the hour, over the same hours for all: an hour without any is a zero, not a gap."""
    if not hours:
        return {}
    ends = [datetime.fromisoformat(row["hour"]).timestamp() for row in hours]
    axis = range(int(min(ends)), int(max(ends)) + 1, 3600)
    counts = {(row["source"], int(end)): int(row["n"]) for row, end in zip(hours, ends, strict=True)}
    return {
        source: [
            [datetime.fromtimestamp(hour, UTC).strftime("%Y-%m-%dT%H:00:00Z"), counts.get((source, hour), 0)]
            for hour in axis
        ]
        for source in sorted({row["source"] for row in hours})
    }
