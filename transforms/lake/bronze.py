"""Bronze rows to Parquet: buffered, split by day, rolled at a target size. Memory is bounded by the buffer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from transforms.lake.schemas import BRONZE, SHARED
from transforms.lake.table import PARQUET, ROW_GROUP, DataFile, Lake, Table, high_stat, low_stat

FORMAT = {
    **PARQUET,
    "use_dictionary": list(SHARED),
    "dictionary_pagesize_limit": 64 << 20,
    "column_encoding": {"event_uid": "DELTA_LENGTH_BYTE_ARRAY", "record_no": "DELTA_BINARY_PACKED"},
    "write_statistics": ["event_time"],
    "store_schema": False,
}
"""Bronze is the hottest of what is written: what many rows share is written once, and numbers as their differences.

The file says strings, however Arrow held them (`store_schema`).
"""

BUFFER = 48 << 20
"""Bytes of rows that are held before a row group is written."""
FILE_ROWS_BYTES = 768 << 20
"""Bytes of rows after which a file is closed: about 64 to 128 MB of zstd Parquet."""
OPEN_FILES = 32


def bronze_table(lake: Lake, source: str) -> Table:
    table = lake.table(f"bronze/{source}")
    table.create(BRONZE, ["event_date"], f"What {source} delivered, byte for byte")
    return table


def bronze_txn(source: str, lane: int) -> str:
    return f"{source}/{lane}"


class _Open:
    """One file being written."""

    def __init__(self, table: Table, day: str, schema: pa.Schema) -> None:
        self.table, self.day = table, day
        self.path = table.new_path({"event_date": day})
        self.sink = table.lake.create(table, self.path)
        self.writer = pq.ParquetWriter(self.sink, schema, **FORMAT)
        self.rows, self.bytes = 0, 0
        self.low: datetime | None = None
        self.high: datetime | None = None

    def write(self, rows: pa.Table) -> None:
        for start in range(0, rows.num_rows, ROW_GROUP):
            self.writer.write_table(_compact(rows.slice(start, ROW_GROUP)), row_group_size=ROW_GROUP)
        self.rows += rows.num_rows
        self.bytes += rows.nbytes
        span = pc.min_max(rows.column("event_time")).as_py()
        self.low = span["min"] if self.low is None else min(self.low, span["min"])
        self.high = span["max"] if self.high is None else max(self.high, span["max"])

    def close(self) -> DataFile:
        self.writer.close()
        self.sink.close()
        stats: dict[str, Any] = {
            "minValues": {"event_time": low_stat(self.low)},
            "maxValues": {"event_time": high_stat(self.high)},
        }
        return self.table.describe(self.path, {"event_date": self.day}, self.rows, stats)


def _compact(rows: pa.Table) -> pa.Table:
    """The same rows, each shared column with no more values than they need: a row group holds all that it is given."""
    for name in SHARED:
        column = rows.column(name)
        values = column.chunk(0).dictionary
        if len(values) > 1:
            indices = pa.chunked_array([chunk.indices for chunk in column.chunks]).combine_chunks()
            span = pc.min_max(indices).as_py()
            if span["min"] is not None and span["max"] - span["min"] + 1 < len(values):
                own = values.slice(span["min"], span["max"] - span["min"] + 1)
                less = pa.DictionaryArray.from_arrays(pc.subtract(indices, pa.scalar(span["min"], pa.int32())), own)
                rows = rows.set_column(rows.column_names.index(name), name, less)
    return rows


class BronzeWriter:
    """Writes the rows of one landing sequence. `finish` returns the files; nothing is committed here."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.held: list[pa.Table] = []
        self.held_bytes = 0
        self.open: dict[str, _Open] = {}
        self.done: list[DataFile] = []

    def add(self, rows: pa.Table) -> None:
        if rows.num_rows:
            self.held.append(rows)
            self.held_bytes += rows.nbytes
            if self.held_bytes >= BUFFER:
                self._flush()

    def _flush(self) -> None:
        if not self.held:
            return
        rows = pa.concat_tables(self.held).unify_dictionaries()
        self.held, self.held_bytes = [], 0
        days: list[date] = sorted(pc.unique(rows.column("event_date")).to_pylist())
        for day in days:
            part = (
                rows
                if len(days) == 1
                else rows.filter(pc.equal(rows.column("event_date"), pa.scalar(day, pa.date32())))
            )
            self._write(day.isoformat(), part.drop_columns(["event_date"]))

    def _write(self, day: str, rows: pa.Table) -> None:
        file = self.open.get(day)
        if file is None:
            if len(self.open) >= OPEN_FILES:
                self.done.append(self.open.pop(next(iter(self.open))).close())
            file = self.open[day] = _Open(self.table, day, rows.schema)
        file.write(rows)
        if file.bytes >= FILE_ROWS_BYTES:
            self.done.append(self.open.pop(day).close())

    def take(self, other: BronzeWriter) -> None:
        """The rows of another writer, which is spent: what it still holds goes into one file with those of others."""
        if other.open or other.done:
            self.done += other.finish()
        for rows in other.held:
            self.add(rows)
        other.held = []

    def drop(self) -> None:
        """Nothing that was added stays."""
        self.held, self.held_bytes = [], 0
        self.table.lake.remove(self.table, self.finish())

    def finish(self) -> list[DataFile]:
        self._flush()
        self.done += [file.close() for file in self.open.values()]
        self.open = {}
        return self.done
