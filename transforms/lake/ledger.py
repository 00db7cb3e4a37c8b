"""ops/ledger: what was planned to be read, and what was landed. Append-only.

A plan row is committed before anything is read, a landed row after. A source has a fixed number of lanes, each worked
in order; a sequence is the unit of one bronze commit. Sequences of one source grow over all its lanes, so a lane's own
sequences have gaps. Progress of a lane is the txn `landed/<source>/<lane>`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zlib import crc32

import pyarrow as pa
import pyarrow.compute

from transforms.lake.schemas import LEDGER, LEDGER_PARTITIONS
from transforms.lake.table import DataFile, Lake, Snapshot, Table

STATS = ("sequence", "object_date")


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """Bytes [from_byte, to_byte) of one version of one object, to be landed in one lane."""

    uri: str
    version: str
    size: int
    object_time: datetime
    object_date: date | None
    lane: int
    sequence: int
    from_byte: int
    to_byte: int
    from_record: int
    final: bool
    attributes: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one plan: where its last whole record ends, what it held, and why it was given up, if it was.

    control: messages of the transport itself, which hold no record.
    """

    plan: Planned
    to_byte: int
    records: int
    quarantined: int
    control: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """The latest day listed of one group of keys, and a fingerprint of what the last listing found to be all known."""

    day: date
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the ledger knows of one object: versions planned, the newest one's time, and where the landed bytes end."""

    versions: frozenset[str]
    modified: datetime
    to_byte: int
    next_record: int
    open: bool
    final: bool


def ledger_table(lake: Lake) -> Table:
    table = lake.table("ops/ledger")
    table.create(LEDGER, LEDGER_PARTITIONS, "What was planned to be read from every source, and what was landed")
    return table


def lane_of(uri: str, lanes: int) -> int:
    """An object always belongs to the same lane."""
    return crc32(uri.encode("utf-8", "surrogateescape")) % lanes


def plan_txn(source: str) -> str:
    return f"plan/{source}"


def landed_txn(source: str, lane: int) -> str:
    return f"landed/{source}/{lane}"


class Ledger:
    """The ledger of one source at one version of the table. Reads only the files whose statistics may matter."""

    def __init__(self, snapshot: Snapshot, source: str) -> None:
        self.snapshot, self.source = snapshot, source
        self.progress: dict[int, int] = {}
        self.mine: dict[tuple[str, int], list[DataFile]] = defaultdict(list)
        for f in snapshot.files():
            if f.partition["source"] == source:
                self.mine[str(f.partition["kind"]), int(f.partition["lane"] or 0)].append(f)

    def _files(self, kind: str) -> list[DataFile]:
        return [f for (k, _), files in self.mine.items() if k == kind for f in files]

    def _rows(self, files: Sequence[DataFile]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.snapshot.table.read(files).to_pylist()
        return rows

    def landed(self, lane: int) -> int:
        if lane not in self.progress:
            self.progress[lane] = self.snapshot.progress(landed_txn(self.source, lane))
        return self.progress[lane]

    def last_sequence(self) -> int:
        """The highest sequence that was planned in any lane; 0 where none was."""
        return max((int(f.high("sequence") or 0) for f in self._files("plan")), default=0)

    def lanes(self) -> list[int]:
        """Lanes with a plan that has not landed."""
        return sorted(
            {
                lane
                for (kind, lane), files in self.mine.items()
                if kind == "plan" and self._beyond(files, self.landed(lane))
            }
        )

    @staticmethod
    def _beyond(files: Iterable[DataFile], sequence: int) -> list[DataFile]:
        return [f for f in files if int(f.high("sequence") or 0) > sequence]

    def open_plans(self, lane: int) -> dict[int, list[Planned]]:
        """The sequences of a lane that have not landed, in order, each with its objects in plan order."""
        landed = self.landed(lane)
        plans: dict[int, list[Planned]] = defaultdict(list)
        for row in self._rows(self._beyond(self.mine["plan", lane], landed)):
            if row["sequence"] > landed:
                plans[row["sequence"]].append(_planned(row))
        return {s: sorted(plans[s], key=lambda p: (p.object_time, p.uri, p.from_byte)) for s in sorted(plans)}

    def failures(self, lane: int, sequence: int) -> dict[str, list[datetime]]:
        """When the reading of each object of a sequence failed."""
        times: dict[str, list[datetime]] = defaultdict(list)
        for row in self._rows(
            [f for f in self.mine["failed", lane] if (f.low("sequence") or 0) <= sequence <= (f.high("sequence") or 0)]
        ):
            if row["sequence"] == sequence:
                times[row["uri"]].append(row["at"])
        return times

    def resume_points(self) -> dict[str, ResumePoint]:
        """How far discovery has come in each group of keys, from the newest snapshot of them."""
        files = self._files("resume")
        if not files:
            return {}
        newest = max(files, key=lambda f: int(f.high("sequence") or 0))
        return {row["uri"]: ResumePoint(row["object_date"], row["detail"]) for row in self._rows([newest])}

    def known(self, since: date | None) -> dict[str, Known]:
        """What is known of the objects dated `since` or later, and of those without a date. None: of all."""

        def recent(f: DataFile) -> bool:
            high = f.high("object_date")
            return since is None or high is None or date.fromisoformat(str(high)) >= since

        versions: dict[str, set[str]] = defaultdict(set)
        newest: dict[str, tuple[int, int]] = {}
        modified: dict[str, datetime] = {}
        for row in self._rows([f for f in self._files("plan") if recent(f)]):
            versions[row["uri"]].add(row["version"])
            newest[row["uri"]] = max(newest.get(row["uri"], (-1, 0)), (row["sequence"], row["lane"]))
            modified[row["uri"]] = max(modified.get(row["uri"], row["object_time"]), row["object_time"])
        ends: dict[str, tuple[int, int, int, bool]] = {}
        for row in self._rows([f for f in self._files("landed") if recent(f)]):
            if row["uri"] in versions:
                end = (
                    row["sequence"],
                    row["to_byte"] or 0,
                    (row["from_record"] or 0) + (row["records"] or 0) + (row["quarantined"] or 0),
                    bool(row["final"]),
                )
                ends[row["uri"]] = max(ends.get(row["uri"], (-1, 0, 0, False)), end)
        found = {}
        for uri, seen in versions.items():
            _, to_byte, record, final = ends.get(uri, (-1, 0, 0, False))
            planned, lane = newest[uri]
            found[uri] = Known(
                versions=frozenset(seen),
                modified=modified[uri],
                to_byte=to_byte,
                next_record=record,
                open=planned > self.landed(lane),
                final=final,
            )
        return found


def write_ledger(table: Table, rows: pa.Table) -> list[DataFile]:
    """Write ledger rows; those without an object's date apart, since statistics would hide them behind the dated."""
    undated = pa.compute.is_null(rows.column("object_date"))
    parts = [rows.filter(undated), rows.filter(pa.compute.invert(undated))]
    return [f for part in parts if part.num_rows for f in table.write(part, stats=STATS)]


def _planned(row: Mapping[str, Any]) -> Planned:
    return Planned(**{name: row[name] for name in Planned.__slots__})


def plan_rows(
    source: str, plans: Sequence[Planned], resume: Mapping[str, ResumePoint], at: datetime, counter: int
) -> pa.Table:
    """Ledger rows of one planning run: its plans, and a whole new snapshot of the resume points if there are any."""
    rows = [
        {"source": source, "kind": "plan", "at": at, **{n: getattr(p, n) for n in Planned.__slots__}} for p in plans
    ]
    rows += [
        {
            "source": source,
            "kind": "resume",
            "lane": 0,
            "sequence": counter,
            "at": at,
            "uri": group,
            "object_date": point.day,
            "detail": point.fingerprint,
        }
        for group, point in sorted(resume.items())
    ]
    return pa.Table.from_pylist(rows, schema=LEDGER)


def landed_rows(source: str, results: Sequence[Outcome], at: datetime) -> pa.Table:
    """Ledger rows of one landed sequence."""
    rows = [
        {name: getattr(outcome.plan, name) for name in Planned.__slots__}
        | {
            "source": source,
            "kind": "landed",
            "at": at,
            "to_byte": outcome.to_byte,
            "records": outcome.records,
            "quarantined": outcome.quarantined,
            "control": outcome.control,
            "detail": outcome.detail,
        }
        for outcome in results
    ]
    return pa.Table.from_pylist(rows, schema=LEDGER)


def failed_rows(source: str, plan: Planned, error: str, at: datetime) -> pa.Table:
    row = {name: getattr(plan, name) for name in Planned.__slots__} | {
        "source": source,
        "kind": "failed",
        "at": at,
        "detail": error[:2000],
    }
    return pa.Table.from_pylist([row], schema=LEDGER)
