"""How far a source has come by its own clock, as a detection sees it through its input tables.

The watermark of a source is the latest event time among the bronze files that an input table has consumed: the table's
txn names the bronze version, and the Delta log of that version the times. No data is read. A file counts up to the time
at which it was committed, so a record from the future moves no watermark beyond its own landing; the wall clock of the
run plays no part. Of several input tables the one that is furthest behind decides.

What waits for a watermark (`absence`, `state` with for_minutes) is judged when it passes, which can be in a run that
reads no new row of it. So a detection stores the watermark that it judged at, as a txn beside its versions and in the
same commit, and the next run judges again whatever fell due between that one and the new one. That cannot miss: a row
is opened in the run that first sees it. If it was due by then, it was judged by a watermark past it. If not, the stored
watermark stands before its due time, watermarks only grow, and the run whose watermark first passes it finds it between
the two. A row that comes later than that is new again, and opens what it bears on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb

from transforms.lake.table import Snapshot, ocsf_txn
from transforms.warehouse.inputs import Inputs, progress_txn, tables_of
from transforms.warehouse.session import identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """What meta.watermark of a detection comes to in one run. Epoch seconds; -1 where there is none yet."""

    source: str
    wait: timedelta
    before: int
    now: int

    def due(self, days: Sequence[str]) -> set[date]:
        """Those of the days (ISO) with rows that fell due since the detection last ran."""
        if self.now <= self.before:
            return set()
        last = (_utc(self.now) - self.wait).date()
        first = date.min if self.before < 0 else (_utc(self.before) - self.wait).date()
        return {day for text in days if first <= (day := date.fromisoformat(text)) <= last}


def watermark_txn(model: str, source: str) -> str:
    """The txn that says at which watermark of a source (epoch seconds) a detection last judged."""
    return progress_txn(model, f"watermark/{source}")


def watermark_of(inputs: Inputs, findings: Snapshot, model: str, meta: Mapping[str, Any]) -> Watermark | None:
    """The watermark that a detection judges at; None where it waits for none.

    meta.watermark: source, inputs (the models whose rows are waited for), and wait (minutes).
    """
    declared = meta.get("watermark")
    if declared is None:
        return None
    source = str(declared["source"])
    before = findings.progress(watermark_txn(model, source))
    seen = [
        inputs.newest_event(source, inputs.open(name).progress(ocsf_txn(source)))
        for name in tables_of(declared["inputs"])
    ]
    reached = min(-1 if at is None else int(at.timestamp()) for at in seen)
    wait = timedelta(minutes=int(declared["wait"]))
    return Watermark(source=source, wait=wait, before=before, now=max(before, reached))


def watermark_view(con: duckdb.DuckDBPyConnection, model: str, mark: Watermark) -> None:
    """Create the relation that watermark_of(...) stands for in a detection's SQL: one row, epoch milliseconds."""
    con.execute("create schema if not exists catchment_new")
    con.execute(
        f"create or replace view catchment_new.{identifier(model + '__watermark')} as "
        f"select {_ms(mark.before)} as before_ms, {_ms(mark.now)} as now_ms"
    )


def _ms(seconds: int) -> str:
    return f"cast({seconds * 1000 if seconds >= 0 else 'null'} as bigint)"


def _utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
