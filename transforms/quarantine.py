"""Looking at quarantine, and replaying it once the code can read what it could not."""

from __future__ import annotations

import io
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from transforms.decoders.compression import plain
from transforms.decoders.framing import Bounds
from transforms.errors import ConfigError, DataError, ObjectGone, RetryableError
from transforms.lake.bronze import BronzeWriter, bronze_table
from transforms.lake.envelope import EnvelopeBuilder, Place
from transforms.lake.ledger import ledger_table
from transforms.lake.quarantine import quarantine_rows, quarantine_table
from transforms.lake.records import Chunk, Columns
from transforms.lake.schemas import QUARANTINE
from transforms.lake.table import Changes, DataFile, Lake, Snapshot
from transforms.land import QUARANTINE_BUFFER, redactor_of, store_of, writable
from transforms.readers.base import RemoteObject
from transforms.settings import Settings
from transforms.sources import get, registry

LISTED = [name for name in QUARANTINE.names if name != "data"]


@dataclass(frozen=True, slots=True)
class Replayed:
    """Entries that decode now, the records they gave, and the entries that still do not."""

    replayed: int = 0
    records: int = 0
    left: int = 0


def _open_rows(settings: Settings, source: str | None) -> list[dict[str, Any]]:
    """Entries without their bytes and without a later `replayed` row, one for each uid, newest first."""
    lake = Lake(settings)
    table = lake.table("ops/quarantine")
    if not table.exists():
        return []
    files = [f for f in table.open().files() if source is None or f.partition["source"] == source]
    rows = table.read(files, LISTED).to_pylist()
    done = {r["quarantine_uid"] for r in rows if r["status"] == "replayed"}
    found = {r["quarantine_uid"]: r for r in rows if r["quarantine_uid"] not in done}
    return sorted(found.values(), key=lambda r: (r["quarantined_at"], r["object_uri"], r["record_no"]), reverse=True)


def _with_bytes(settings: Settings, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The entries with their bytes, one file's at a time."""
    wanted = {row["quarantine_uid"]: row for row in rows}
    sources = {row["source"] for row in rows}
    days = {str(row["quarantined_date"]) for row in rows}
    table = Lake(settings).table("ops/quarantine")
    for file in table.open().files():
        if file.partition["source"] in sources and file.partition["quarantined_date"] in days:
            held = table.read([file], ["quarantine_uid", "status", "data"])
            for uid, status, data in zip(*(held.column(n) for n in held.column_names), strict=True):
                row = wanted.pop(uid.as_py(), None) if status.as_py() == "open" else None
                if row is not None:
                    yield {**row, "data": data.as_py()}


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
    rows = _open_rows(settings, source)[:limit]
    return [{**{n: row[n] for n in names}, "quarantine_uid": row["quarantine_uid"][:12]} for row in rows]


def show(settings: Settings, uid: str) -> dict[str, Any]:
    """One open entry. Raises ConfigError where none or several begin with `uid`."""
    found = [r for r in _open_rows(settings, None) if r["quarantine_uid"].startswith(uid)]
    if len(found) != 1:
        raise ConfigError(f"quarantine: {len(found)} open entries begin with {uid!r}")
    return next(_with_bytes(settings, found))


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
    redactor = redactor_of(settings, source)
    writer = BronzeWriter(bronze)
    good: list[dict[str, Any]] = []
    bad: dict[str, tuple[list[pa.Table], list[DataFile]]] = {}  # by entry: the bad records of objects
    bad_bytes = 0
    records = 0
    before = _landed_before(lake, name, {row["object_uri"] for row in rows})
    for row in _with_bytes(settings, rows):
        landed = before.get(_range_of(row), Landed())
        if row["record_no"] >= 0:
            landed = Landed(row["record_no"], modified=landed.modified)
        item = _object(row, landed)
        place = Place(
            uri=row["object_uri"],
            version=row["object_version"],
            batch_id=f"replay-{number}-{row['quarantine_uid'][:16]}",
            attributes=row["attributes"],
            modified=landed.modified,
        )
        own, found = BronzeWriter(bronze), 0
        beside: list[pa.Table] = []
        aside: list[DataFile] = []
        try:
            delivered, size = _delivered(settings, row, landed, item)
            stream, _ = plain(delivered, size=size, max_ratio=settings.max_ratio)
            bounds = Bounds(
                first_no=landed.first_no,
                max_record=settings.max_record_bytes,
                max_document=settings.max_document_bytes,
                max_ratio=settings.max_ratio,
                attributes=row["attributes"],
                uri=row["object_uri"],
                modified=landed.modified,
                environment=settings.environment,
            )
            for chunk in source.read(stream, bounds):
                said = writable(settings, source, redactor, item, chunk)
                built = builder.rows(_beyond(said, landed.first_no + landed.count), place.of(said))
                if built.bad and row["record_no"] >= 0:
                    raise DataError(built.bad[0].reason)
                own.add(built.table)
                found += built.table.num_rows
                if not built.bad:
                    continue
                # the records of an object that are bad are entries of their own, as if it had landed at once
                pieces = built.bad if redactor is None else redactor.bad(built.bad)
                beside.append(quarantine_rows(name, replace(place.of(said), batch_id=row["batch_id"]), pieces, at))
                if bad_bytes + sum(part.nbytes for part in beside) >= QUARANTINE_BUFFER:
                    aside, beside = [*aside, *quarantine.write(pa.concat_tables(beside))], []
            if not found:
                raise DataError("no record of it can be read")
        except (DataError, ObjectGone, RetryableError, ConfigError, OSError):  # it stays open
            own.drop()
            lake.remove(quarantine, aside)
            continue
        writer.take(own)
        records += found
        bad[row["quarantine_uid"]] = beside, aside
        bad_bytes += sum(part.nbytes for part in beside)
        good.append({**row, "status": "replayed", "quarantined_at": at, "quarantined_date": at.date(), "data": None})
    files = writer.finish()
    if not good:
        return Replayed(left=len(rows))

    def work(snapshot: Snapshot) -> Changes | None:
        return None if snapshot.progress(txn) >= number else Changes(files=files, progress={txn: number})

    if bronze.commit(work) is None:  # this batch is there already: mark only what it holds
        lake.remove(bronze, files)
        held: set[str] = set()
        for file in bronze.open().files():
            held.update(bronze.read([file], ["batch_id"]).column("batch_id").unique().to_pylist())
        good = [row for row in good if f"replay-{number}-{row['quarantine_uid'][:16]}" in held]
    rows_of = [part for row in good for part in bad[row["quarantine_uid"]][0]]
    marks = quarantine.write(pa.concat_tables([*rows_of, pa.Table.from_pylist(good, schema=QUARANTINE)]))
    marks += [file for row in good for file in bad[row["quarantine_uid"]][1]]
    quarantine.commit(lambda s: None if s.progress(txn) >= number else Changes(files=marks, progress={txn: number}))
    return Replayed(replayed=len(good), records=records, left=len(rows) - len(good))


def _range_of(row: Mapping[str, Any]) -> tuple[str, str, str]:
    """What one landing of an object is known by: the object, its version, and the batch."""
    return row["object_uri"], row["object_version"], row["batch_id"]


@dataclass(frozen=True, slots=True)
class Landed:
    """What became of an object: its first record's number, how many of its records landed or are entries already if it
    was given up, the bytes that were planned, and its store's time of it."""

    first_no: int = 0
    count: int = 0
    from_byte: int = 0
    to_byte: int | None = None
    modified: datetime | None = None


def _landed_before(lake: Lake, source: str, uris: Collection[str]) -> dict[tuple[str, str, str], Landed]:
    """By landing of one of these objects."""
    ledger = ledger_table(lake)
    files = [f for f in ledger.open().files() if f.partition["source"] == source and f.partition["kind"] == "landed"]
    columns = [
        *("uri", "version", "lane", "sequence", "from_record", "records", "quarantined", "detail"),
        *("from_byte", "to_byte", "object_time"),
    ]
    rows = ledger.read(files, columns)
    found = {}
    for row in rows.filter(pc.is_in(rows.column("uri"), pa.array(list(uris), pa.string()))).to_pylist():
        key = (row["uri"], row["version"], f"{row['lane']}-{row['sequence']}")
        count = row["records"] + row["quarantined"] - 1  # less the object's own entry
        found[key] = Landed(row["from_record"], count, row["from_byte"], row["to_byte"], row["object_time"])
    return found


def _delivered(settings: Settings, row: Mapping[str, Any], landed: Landed, item: RemoteObject) -> tuple[BinaryIO, int]:
    """The bytes of an entry and their number: as kept, or of an object that could not be read then, from its place.

    Raises ObjectGone where that version is no longer there, DataError where a record's bytes were too many to keep.
    """
    if row["data"] is not None:
        return io.BytesIO(row["data"]), len(row["data"])
    if row["record_no"] >= 0:
        raise DataError(f"{row['object_uri']}: record {row['record_no']} was too large to keep")
    end = row["length"] if landed.to_byte is None else landed.to_byte
    return store_of(item.uri, settings).open(item, landed.from_byte, end), end - landed.from_byte


def _object(row: Mapping[str, Any], landed: Landed) -> RemoteObject:
    """The object that an entry lies in, or is."""
    return RemoteObject(
        uri=row["object_uri"],
        version=row["object_version"],
        size=row["length"],
        modified=landed.modified or row["quarantined_at"],
        attributes=row["attributes"],
    )


def _beyond(chunk: Chunk, number: int) -> Chunk:
    """The records and bad pieces of a chunk from one number on."""
    start = bisect_left(chunk.numbers, number)
    columns, said = chunk.columns, chunk.attributes
    return replace(
        chunk,
        numbers=chunk.numbers[start:],
        records=chunk.records[start:],
        attributes=said[start:] if isinstance(said, Sequence) else said,
        bad=[b for b in chunk.bad if b.record_no >= number],
        columns=None if columns is None else partial(_columns_beyond, columns, start),
    )


def _columns_beyond(columns: Columns, start: int, names: Sequence[str]) -> tuple[dict[str, pa.Array], dict[int, str]]:
    found, reasons = columns(names)
    return {n: a.slice(start) for n, a in found.items()}, {i - start: r for i, r in reasons.items() if i >= start}
