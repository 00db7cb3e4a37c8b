"""ops/detection_runs: what each detection read and found, run by run; and what it could not see in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from transforms.lake.schemas import TIMESTAMP
from transforms.lake.table import Changes, Lake
from transforms.warehouse.inputs import Unseen

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
        ("withdrawn", pa.int64()),
        ("seconds", pa.float64()),
    ]
)


def append(lake: Lake, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append reports, stamped with the time."""
    if not rows:
        return
    now = datetime.now(UTC)
    stamped = [{**row, "run_at": now, "run_date": now.date()} for row in rows]
    table = lake.table("ops/detection_runs")
    table.create(RUNS, ["run_date"], "What each detection read and found, run by run")
    files = table.write(pa.Table.from_pylist(stamped, schema=RUNS))
    table.commit(lambda snapshot: Changes(files=files))


def blind(model: str, unseen: Mapping[str, Unseen]) -> list[dict[str, Any]]:
    """A report for each input whose log was cleaned up before the detection consumed it. What the versions left behind
    is in the snapshot that it read instead; when it happened, the detection was blind to it."""
    return [
        {"detection": model, "status": "blind", "error": gap.why, "versions": f"{name}@{gap.first}-{gap.last}"}
        for name, gap in unseen.items()
    ]
