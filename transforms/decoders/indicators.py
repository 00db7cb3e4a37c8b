"""Feeds of indicators: catalogues, bundles and lists in JSON, and lists as CSV with a header (RFC 4180).

A record is an entry, as it stands there. Of a CSV row the header stands beside it, in the attribute `fields`, and the
row as a JSON object in the attribute `row`: names are those of the header in lower case. Lines that begin with `#` are
comments; the last of them before the first row may be the header.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING

from transforms.decoders.compression import Readable
from transforms.decoders.csv_cells import _cells, _rows
from transforms.decoders.framing import BOM, HEADER_BYTES, Bounds, Held
from transforms.decoders.inventory import Inventory
from transforms.decoders.reports import DAY, ENCODE, HEAD, IN, SCAN, Around, _around, _remembered, place_of
from transforms.lake.records import Bad, Chunk

if TYPE_CHECKING:  # declarations import this module, and Airflow reads all of them again and again
    import pyarrow as pa

HEADER, ROW = "header", "row"
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicators(Inventory):
    """Reports of entries, or rows of CSV whose header names one of `named` (in lower case)."""

    named: frozenset[str] = field(default=frozenset())

    def __call__(self, stream: Readable, bounds: Bounds) -> Iterator[Chunk]:
        """Chunks of about `bounds.chunk_bytes`. A row that is not as its header says is bad, and no other with it."""
        held = Held(stream)
        around = _remembered(bounds.attributes)
        start = held.peek(len(HEAD))
        if around is None and start.startswith(HEAD):
            line, newline, rest = held.peek(HEADER_BYTES + 1).partition(b"\n")
            around = _around(line) if newline else None
            if around is not None and HEADER in around.levels:
                held.head = rest
        if around is not None and HEADER in around.levels:
            return self._lists(held, bounds, around)
        if start.removeprefix(BOM).lstrip()[:1] in (b"{", b"["):
            return Inventory.__call__(self, held, bounds)
        return self._lists(held, bounds, None)

    def _lists(self, stream: Readable, bounds: Bounds, around: Around | None) -> Iterator[Chunk]:
        rows, consumed, comment = _Rows(self, bounds, bounds.first_no), 0, b""
        first = True
        for row, whole in _rows(stream, bounds.max_record):
            consumed += len(row)
            text = row.strip(b"\r\n")
            if first:
                text, first = text.removeprefix(BOM), False
            if not text.strip():
                continue
            if around is None or text.startswith(b"#"):
                found = self._header(text.lstrip(b"# "), bounds)
                if text.startswith(b"#"):
                    comment = text.lstrip(b"# ")
                    continue
                around = found or self._header(comment, bounds)
                if found is not None:
                    continue
            rows.add(around, text, whole)
            if rows.size >= bounds.chunk_bytes:
                yield rows.chunk(consumed)
                rows = _Rows(self, bounds, rows.next_no)
        yield rows.chunk(consumed)

    def _header(self, text: bytes, bounds: Bounds) -> Around | None:
        """What stands around the rows below a header; None for a line that is none."""
        cells = _cells(text) if len(text) <= HEADER_BYTES // 4 else None
        if cells is None or not self.named & {_name(cell) for cell in cells}:
            return None
        levels: dict[str, object] = {IN: "", HEADER: text.decode("utf-8", "replace")}
        if bounds.modified is not None:
            at = bounds.modified.astimezone(UTC).isoformat(timespec="microseconds")
            levels[SCAN] = {"object_time": at, "place": place_of(bounds.uri)}
        return Around(ENCODE(levels).decode(), levels)


class _Rows:
    """The rows of a chunk that is being made, and what is known of each."""

    def __init__(self, feed: Indicators, bounds: Bounds, first_no: int) -> None:
        self.feed, self.bounds, self.next_no, self.size = feed, bounds, first_no, 0
        self._numbers: list[int] = []
        self._records: list[bytes] = []
        self._rows: list[Row] = []
        self._around: list[Around] = []
        self._said: list[Mapping[str, str] | None] = []
        self._bad: list[Bad] = []

    def add(self, around: Around | None, text: bytes, whole: bool) -> None:
        number, limit = self.next_no, self.bounds.max_record
        self.next_no += 1
        self.size += len(text)
        cells = _cells(text) if whole else None
        names = [] if around is None else list(map(_name, _cells(str(around.levels[HEADER]).encode()) or []))
        if around is None:
            reason = "not JSON, and below no header that names an indicator"
        elif cells is None:
            reason = "not JSON: a row of CSV whose quotes do not match"
        elif len(text) > limit:
            reason = f"record of {len(text)} bytes is over the limit of {limit}"
        elif len(cells) != len(names):
            reason = f"{len(cells)} fields where the header names {len(names)}"
        else:
            values = (cell.strip().decode("utf-8", "replace") for cell in cells)
            row = {name: value for name, value in zip(names, values, strict=True) if value}
            self._numbers.append(number)
            self._records.append(text)
            self._rows.append(row)
            self._around.append(around)
            self._said.append({**around.attributes, ROW: ENCODE(row).decode()})
            self.size += len(around.text) + len(text)
            return
        attributes = None if around is None else around.attributes
        self._bad.append(Bad(number, text if len(text) <= limit else None, reason, len(text), attributes))

    def chunk(self, consumed: int) -> Chunk:
        return Chunk(
            numbers=self._numbers,
            records=list(self._records),
            bad=self._bad,
            next_no=self.next_no,
            consumed=consumed,
            columns=partial(_columns, self.feed, self._records, self._rows, self._around),
            attributes=self._said,
        )


def _columns(
    feed: Indicators, records: Sequence[bytes], rows: Sequence[Row], around: Sequence[Around], wanted: Sequence[str]
) -> tuple[Mapping[str, pa.Array], Mapping[int, str]]:
    import pyarrow as pa

    told = [next((row[name] for name in feed.clock if row.get(name)), None) for row in rows]
    objects = [str((one.levels.get(SCAN) or {}).get("object_time") or "") or None for one in around]
    values: dict[str, Callable[[], list[bytes | None]]] = {
        "clock": lambda: [_bytes(own or at) for own, at in zip(told, objects, strict=True)],
        DAY: lambda: [_bytes(None if own or not at else at[:10]) for own, at in zip(told, objects, strict=True)],
        "text": lambda: list(records),
    }
    nothing: list[bytes | None] = [None] * len(records)
    found = {name: values[name]() if name in values else nothing for name in wanted}
    return {name: pa.array(column, pa.binary()) for name, column in found.items()}, {}


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode("utf-8", "surrogatepass")


def _name(cell: bytes) -> str:
    """A column's name as it is looked for."""
    return cell.strip().decode("utf-8", "replace").lower()
