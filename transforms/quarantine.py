"""Looking at quarantine, and replaying it once the code can read what it could not."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from transforms.decoders.compression import plain
from transforms.decoders.json_records import read_records
from transforms.errors import ConfigError, DataError
from transforms.lake.bronze import BronzeWriter, bronze_table
from transforms.lake.envelope import EnvelopeBuilder, Place
from transforms.lake.quarantine import quarantine_table
from transforms.lake.schemas import QUARANTINE
from transforms.lake.table import Changes, Lake, Snapshot
from transforms.settings import Settings
from transforms.sources import get, registry

LISTED = [name for name in QUARANTINE.names if name != "data"]


@dataclass(frozen=True, slots=True)
class Replayed:
    """Entries that decode now, the records they gave, and the entries that still do not."""

    replayed: int = 0
    records: int = 0
    left: int = 0


def _open_rows(settings: Settings, source: str | None, columns: list[str] | None = None) -> list[dict[str, Any]]:
    """Entries without a later `replayed` row, one for each uid, newest first."""
    lake = Lake(settings)
    table = lake.table("ops/quarantine")
    if not table.exists():
        return []
    files = [f for f in table.open().files() if source is None or f.partition["source"] == source]
    rows = table.read(files, columns).to_pylist()
    done = {r["quarantine_uid"] for r in rows if r["status"] == "replayed"}
    found = {r["quarantine_uid"]: r for r in rows if r["quarantine_uid"] not in done}
    return sorted(found.values(), key=lambda r: (r["quarantined_at"], r["object_uri"], r["record_no"]), reverse=True)


def entries(settings: Settings, source: str | None, limit: int) -> list[dict[str, Any]]:
    """Open entries without their bytes. Raises ConfigError for an unknown source."""
    if source is not None:
        get(source)
    names = [
        "quarantine_uid",
        "source",
        "reason",
        "object_uri",
        "record_no",
        "length",
        "quarantined_at",
        "status",
    ]
    rows = _open_rows(settings, source, names)[:limit]
    return [{**row, "quarantine_uid": row["quarantine_uid"][:12]} for row in rows]


def show(settings: Settings, uid: str) -> dict[str, Any]:
    """One open entry. Raises ConfigError where none or several begin with `uid`."""
    found = [r for r in _open_rows(settings, None) if r["quarantine_uid"].startswith(uid)]
    if len(found) != 1:
        raise ConfigError(f"quarantine: {len(found)} open entries begin with {uid!r}")
    return found[0]


def replay(settings: Settings, source: str | None) -> Replayed:
    """Replay every open entry of one source, or of all."""
    total = Replayed()
    for name in [source] if source else list(registry()):
        done = _replay(settings, name)
        total = Replayed(total.replayed + done.replayed, total.records + done.records, total.left + done.left)
    return total


def _replay(settings: Settings, name: str) -> Replayed:
    """One source. Bronze is committed first; if the run dies then, the next one finds its batch there and marks it."""
    source, lake = get(name), Lake(settings)
    rows = _open_rows(settings, name)
    if not rows:
        return Replayed()
    bronze, quarantine = bronze_table(lake, name), quarantine_table(lake)
    txn = f"replay/{name}"
    at = datetime.now(UTC)
    number = quarantine.open().progress(txn) + 1
    builder = EnvelopeBuilder(source, at)
    writer = BronzeWriter(bronze)
    good: list[dict[str, Any]] = []
    records = 0
    for row in rows:
        if row["data"] is None:
            continue
        place = Place(
            uri=row["object_uri"],
            version=row["object_version"],
            batch_id=f"replay-{number}",
            attributes=row["attributes"],
        )
        try:
            stream, _ = plain(io.BytesIO(row["data"]), size=len(row["data"]), max_ratio=settings.max_ratio)
            chunks = list(
                read_records(
                    stream, source.expand, first_no=max(row["record_no"], 0),
                    max_record=settings.max_record_bytes, max_document=settings.max_document_bytes,
                )
            )  # fmt: skip
        except DataError:
            continue
        built = [builder.rows(chunk, place) for chunk in chunks]
        if any(b.bad for b in built) or not any(b.table.num_rows for b in built):
            continue
        for b in built:
            writer.add(b.table)
            records += b.table.num_rows
        good.append({**row, "status": "replayed", "quarantined_at": at, "quarantined_date": at.date(), "data": None})
    files = writer.finish()
    if not good:
        return Replayed(left=len(rows))

    def work(snapshot: Snapshot) -> Changes | None:
        return None if snapshot.progress(txn) >= number else Changes(files=files, progress={txn: number})

    if bronze.commit(work) is None:  # this batch is there already: mark only what it holds
        lake.remove(bronze, files)
        held = bronze.read(bronze.open().files(), ["object_uri", "record_no", "batch_id"]).to_pylist()
        there = {r["object_uri"] for r in held if r["batch_id"] == f"replay-{number}"}
        good = [row for row in good if row["object_uri"] in there]
    marks = quarantine.write(pa.Table.from_pylist(good, schema=QUARANTINE))
    quarantine.commit(lambda s: None if s.progress(txn) >= number else Changes(files=marks, progress={txn: number}))
    return Replayed(replayed=len(good), records=records, left=len(rows) - len(good))
