"""ops/detection_runs: what each detection read and found, and what one that failed did not read.

The report is written after the fact and decides nothing; the health marts tell from it where a detection was blind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from transforms.errors import RetryableError
from transforms.lake.schemas import TIMESTAMP
from transforms.lake.table import Changes, DataFile, Lake, LogGone, Snapshot, Table
from transforms.warehouse.inputs import Inputs, Unseen, progress_txn, tables_of

RUNS = pa.schema(
    [
        ("detection", pa.string()),
        ("run_at", TIMESTAMP),
        ("run_date", pa.date32()),
        ("status", pa.string()),  # succeeded, failed, blind
        ("error", pa.string()),
        ("versions", pa.string()),
        ("new_rows", pa.int64()),
        ("new_bytes", pa.int64()),
        ("seen_rows", pa.int64()),
        ("seen_bytes", pa.int64()),
        ("created", pa.int64()),
        ("updated", pa.int64()),
        ("resolved", pa.int64()),
        ("withdrawn", pa.int64()),
        ("seconds", pa.float64()),
        ("judged_to", TIMESTAMP),  # latest event that a run that succeeded has read
        ("unread_from", TIMESTAMP),  # first and last event that a run that failed did not read
        ("unread_to", TIMESTAMP),
    ]
)


def runs_table(lake: Lake) -> Table:
    table = lake.table("ops/detection_runs")
    table.create(RUNS, ["run_date"], "What each detection read and found, run by run")
    return table


def append(lake: Lake, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append reports, stamped with the time."""
    if not rows:
        return
    now, table = datetime.now(UTC), runs_table(lake)
    stamped = [{**row, "run_at": now, "run_date": now.date()} for row in rows]
    files = table.write(pa.Table.from_pylist(stamped, schema=RUNS))
    table.commit(lambda snapshot: Changes(files=files))


def blind(model: str, unseen: Mapping[str, Unseen]) -> list[dict[str, Any]]:
    """A report for each input whose log was cleaned up before the detection consumed it. What the versions left behind
    is in the snapshot that it read instead; when it happened, the detection was blind to it."""
    return [
        {"detection": model, "status": "blind", "error": gap.why, "versions": f"{name}@{gap.first}-{gap.last}"}
        for name, gap in unseen.items()
    ]


def reach(
    inputs: Inputs, findings: Snapshot, model: str, refs: Sequence[str], *, failed: bool, now: datetime
) -> dict[str, Any]:
    """How far a run came in event time: `judged_to`, or `unread_from` and `unread_to` where it failed.

    Told from the statistics of the input files; no data is read. A time ahead of `now` counts as now. Where a file has
    no statistics of time, its day counts. While an input is being rebuilt, there is nothing to tell.
    """
    found: list[tuple[datetime, datetime]] = []
    try:
        for name in tables_of(refs):
            consumed = findings.progress(progress_txn(model, name))
            if not failed:
                found += event_spans(inputs.files(name))
            elif inputs.open(name).version > consumed:
                found += event_spans(_unread(inputs, name, consumed))
    except RetryableError:
        return {}
    if not found:
        return {}
    last = min(now, max(high for _, high in found))
    return {"unread_from": min(now, *(low for low, _ in found)), "unread_to": last} if failed else {"judged_to": last}


def _unread(inputs: Inputs, name: str, consumed: int) -> list[DataFile]:
    try:
        return inputs.added(name, consumed) if consumed >= 0 else inputs.files(name)
    except LogGone:
        return inputs.files(name)


def event_spans(files: Iterable[DataFile]) -> list[tuple[datetime, datetime]]:
    """(first, last) event time of each file, by its statistics of `time` (OCSF: epoch milliseconds) or by its day."""
    spans = []
    for f in files:
        low, high = f.low("time"), f.high("time")
        if isinstance(low, int) and isinstance(high, int):
            spans.append((_instant(low), _instant(high)))
        else:
            day = datetime.fromisoformat(str(f.partition["event_date"])).replace(tzinfo=UTC)
            spans.append((day, day + timedelta(days=1, microseconds=-1)))
    return spans


def _instant(milliseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
