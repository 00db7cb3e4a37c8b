"""Parquet files: a record is a row, and its text one line of JSON with the file's column names in their order.

The names are the attribute `fields` too, as for lines their header. The text loses nothing that the columns hold: times
and decimals are written in full, binary values as base64, floats that JSON has no number for as words. A map is an
object; among rows of which one has a key twice, a list of pairs. Row numbers are those of the file.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING, Any

import msgspec

from transforms.decoders.compression import FREE_EXPANSION, Readable
from transforms.decoders.framing import FIELDS, HEADER_BYTES, REPEATED_BYTES, Bounds, text_of
from transforms.errors import DataError
from transforms.lake.records import Bad, Chunk

if TYPE_CHECKING:  # declarations import this module, and Airflow reads all of them again and again
    import pyarrow as pa

IN_MEMORY = 64 << 20
"""Bytes of a file that are held in memory; a larger one goes to a temporary file: its index stands at its end."""
BATCH_ROWS = 8192
ENCODE = msgspec.json.Encoder(decimal_format="string").encode


@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetRows:
    """The rows of a Parquet file. rename: from a column's name in the file to the one that a source asks for."""

    rename: Callable[[str], str] = lambda name: name
    appendable: bool = False

    def __call__(self, stream: Readable, bounds: Bounds) -> Iterator[Chunk]:
        """Chunks of some thousand rows. Raises DataError for a damaged file, and for one that expands too far."""
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
            size = _copied(stream, file)
            limit = max(FREE_EXPANSION, size * bounds.max_ratio)
            number, expanded = bounds.first_no, 0
            for batch in _batches(file):
                rows = _rows(batch)
                texts = [_text(row) for row in rows]
                expanded += sum(map(len, texts))
                if expanded > limit:
                    raise DataError(f"Parquet bomb: {size} bytes expand to more than {limit}")
                yield self._chunk(rows, texts, number, expanded, bounds.max_record)
                number += len(rows)
            yield Chunk(next_no=number, consumed=expanded)

    def _chunk(self, rows: list[dict[str, Any]], texts: list[bytes], number: int, consumed: int, limit: int) -> Chunk:
        numbers: list[int] = list(range(number, number + len(rows)))
        bad = []
        if max(map(len, texts), default=0) > limit:
            bad = [
                Bad(n, t, f"record of {len(t)} bytes is over the limit of {limit}", len(t))
                for n, t in zip(numbers, texts, strict=True)
                if len(t) > limit
            ]
            kept = [i for i, text in enumerate(texts) if len(text) <= limit]
            rows, texts, numbers = [rows[i] for i in kept], [texts[i] for i in kept], [numbers[i] for i in kept]
        return Chunk(
            numbers=numbers,
            records=list(texts),
            bad=bad,
            next_no=number + len(rows) + len(bad),
            consumed=consumed,
            columns=partial(row_columns, rows, self.rename),
            attributes={FIELDS: list(rows[0])} if rows else None,
        )


def row_columns(
    rows: Sequence[Mapping[str, Any]], rename: Callable[[str], str], names: Sequence[str]
) -> tuple[Mapping[str, pa.Array], Mapping[int, str]]:
    """Columns of rows that are mappings, as text."""
    import pyarrow as pa

    held = {rename(key): key for row in reversed(rows) for key in row}
    return {
        name: pa.array([text_of(row.get(held[name])) for row in rows], pa.string()).cast(pa.binary())
        for name in names
        if name in held
    }, {}


def _copied(stream: Readable, file: IO[bytes]) -> int:
    size = 0
    while block := stream.read(1 << 20):
        size += file.write(block)
    file.seek(0)
    return size


def _batches(file: IO[bytes]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(pa.PythonFile(file, mode="r"), pre_buffer=False, buffer_size=1 << 20)
        names = sum(len(name) for name in table.schema_arrow.names)
        if names > HEADER_BYTES:
            raise DataError(f"Parquet with column names of {names} bytes, over the limit of {HEADER_BYTES}")
        rows = min(BATCH_ROWS, max(1, REPEATED_BYTES // max(1, names)))
        for batch in table.iter_batches(rows, use_threads=False):
            yield pa.record_batch([_plain(column) for column in batch.columns], batch.schema.names)
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise DataError(f"Parquet data damaged: {str(error)[:300]}") from None


def _rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """Raises DataError for a text that is not UTF-8, and for a day that is none."""
    rows: list[dict[str, Any]]
    try:
        try:
            rows = batch.to_pylist(maps_as_pydicts="strict")
        except (KeyError, TypeError):  # a key twice, or one that is a list or a struct
            rows = batch.to_pylist()
    except (ValueError, OverflowError) as error:
        raise DataError(f"Parquet data damaged: {error}") from None
    return rows


def _plain(column: pa.Array) -> pa.Array:
    """A column in types that become JSON without loss: what Python would round, or know differently, as text."""
    kind = _plain_type(column.type)
    return column if kind == column.type else column.cast(kind)


def _plain_type(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return _plain_type(kind.value_type)
    if pa.types.is_temporal(kind) and not pa.types.is_date32(kind):
        return pa.string()
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_plain_type(kind.value_type))
    if pa.types.is_map(kind):
        return pa.map_(_plain_type(kind.key_type), _plain_type(kind.item_type))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(f.name, _plain_type(f.type)) for f in kind])
    return kind


def _text(row: dict[str, Any]) -> bytes:
    return ENCODE({name: _finite(value) for name, value in row.items()})


def _finite(value: Any) -> Any:
    """JSON has no number for these: NaN and the infinities are written as words."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return value
