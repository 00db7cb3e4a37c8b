"""JSON objects that are rows of columns, and lines of text that something wrapped in JSON (CloudWatch Logs)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

import msgspec

from transforms.decoders.compression import Readable
from transforms.decoders.framing import FIELDS, Bounds
from transforms.decoders.json_records import Expand, JsonRecords
from transforms.decoders.lines import Lines
from transforms.decoders.parquet import row_columns
from transforms.lake.records import Bad, Chunk

DECODE = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonRows:
    """Rows as JSON objects, whose records are their own text.

    rename: from a member's name to the column that a source asks for. message: the member that holds a line of text
    instead; such a record's text is that line, read as `lines` says.
    """

    expand: Expand
    rename: Callable[[str], str] = lambda name: name
    message: str | None = None
    lines: Lines | None = None
    appendable: bool = False

    def __call__(self, stream: Readable, bounds: Bounds) -> Iterator[Chunk]:
        for chunk in JsonRecords(self.expand)(stream, bounds):
            yield from self._rows(chunk, bounds)

    def _rows(self, chunk: Chunk, bounds: Bounds) -> Iterator[Chunk]:
        bad = list(chunk.bad)
        found: list[tuple[int, Any, dict[str, Any]]] = []
        for number, record in zip(chunk.numbers, chunk.records, strict=True):
            try:
                row = DECODE(record)
            except (msgspec.DecodeError, RecursionError, ValueError) as error:
                bad.append(Bad(number, bytes(record), f"not JSON: {error}", len(memoryview(record))))
                continue
            if isinstance(row, dict):
                found.append((number, record, row))
            else:
                bad.append(Bad(number, bytes(record), "not a JSON object", len(memoryview(record))))
        for names, group in groupby(found, lambda f: None if self._line(f[2]) is not None else tuple(f[2])):
            part = list(group)
            numbers = [number for number, _, _ in part]
            if names is None and self.lines is not None:
                for inner in self.lines.rows([self._line(row) or b"" for _, _, row in part], numbers, bounds):
                    inner.consumed, inner.next_no = chunk.consumed, chunk.next_no
                    yield inner
                continue
            yield Chunk(
                numbers=numbers,
                records=[record for _, record, _ in part],
                next_no=chunk.next_no,
                consumed=chunk.consumed,
                columns=partial(row_columns, [row for _, _, row in part], self.rename),
                attributes={FIELDS: list(names or ())},
            )
        yield Chunk(bad=sorted(bad, key=lambda b: b.record_no), next_no=chunk.next_no, consumed=chunk.consumed)

    def _line(self, row: dict[str, Any]) -> bytes | None:
        line = row.get(self.message) if self.message is not None and self.lines is not None else None
        return line.strip().encode("utf-8", "surrogatepass") if isinstance(line, str) and line.strip() else None
