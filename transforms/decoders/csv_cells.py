"""CSV files with a header, one of whose columns holds records (RFC 4180): a quoted cell may span lines.

A record is the text of its cell, the quotes that were doubled for CSV single again; what else its row says is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from transforms.decoders.compression import Readable
from transforms.decoders.framing import BOM, Bounds
from transforms.lake.records import Bad, Chunk, Growing

CELL = re.compile(rb'(?:^|,)(?:"([^"]*(?:""[^"]*)*)"|([^,"]*))(?=,|\Z)')
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvCells:
    """The cells of a column, whose name the header has in either case."""

    column: str
    appendable: bool = False

    def __call__(self, stream: Readable, bounds: Bounds) -> Iterator[Chunk]:
        """Chunks of about `chunk_bytes`. A row that is not as its header says is bad, and no other with it."""
        chunk, consumed = Growing(next_no=bounds.first_no), 0
        names: list[bytes] | None = None
        wanted = self.column.lower().encode()
        for row, whole in _rows(stream, bounds.max_record):
            consumed += len(row)
            text = row.strip(b"\r\n")
            if names is None and text.strip():
                names = [name.strip().lower() for name in _cells(text.removeprefix(BOM)) or []]
                if wanted in names:
                    continue
            if text.strip():
                self._take(chunk, text, names or [], whole, bounds.max_record)
            if consumed - chunk.consumed >= bounds.chunk_bytes:
                chunk.consumed = consumed
                yield chunk
                chunk = Growing(next_no=chunk.next_no, consumed=consumed)
        chunk.consumed = consumed
        yield chunk

    def _take(self, chunk: Growing, text: bytes, names: list[bytes], whole: bool, limit: int) -> None:
        number = chunk.next_no
        chunk.next_no += 1
        wanted = self.column.lower().encode()
        cells = _cells(text) if whole else None
        if wanted not in names:
            reason = f"not JSON, and of no CSV with a column {self.column}"
        elif cells is None:
            reason = "not JSON: a row of CSV whose quotes do not match"
        elif len(text) > limit:
            reason = f"record of {len(text)} bytes is over the limit of {limit}"
        elif len(cells) != len(names):
            reason = f"{len(cells)} fields where the header names {len(names)}"
        else:
            chunk.numbers.append(number)
            chunk.records.append(cells[names.index(wanted)])
            return
        chunk.bad.append(Bad(number, text, reason, len(text)))


def _rows(stream: Readable, limit: int) -> Iterator[tuple[bytes, bool]]:
    """(the bytes of a row with its line ends, whether its quotes match); one over `limit` ends with its line."""
    row: list[bytes] = []
    size, quotes, rest = 0, 0, b""
    while block := stream.read(BLOCK):
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        for line in lines:
            row.append(line)
            size, quotes = size + len(line) + 1, quotes + line.count(b'"')
            if quotes % 2 == 0 or size > limit:
                yield b"\n".join(row) + b"\n", quotes % 2 == 0
                row, size, quotes = [], 0, 0
        if size + len(rest) > limit:
            yield b"\n".join([*row, rest]), False
            row, size, quotes, rest = [], 0, 0, b""
    if row or rest:
        last = b"\n".join([*row, rest])
        yield last, last.count(b'"') % 2 == 0


def _cells(row: bytes) -> list[bytes] | None:
    """The cells of a row; None where it is not as RFC 4180 has it."""
    found, at = [], 0
    for match in CELL.finditer(row):
        if match.start() != at:
            return None
        quoted, plain = match.groups()
        found.append(plain if quoted is None else quoted.replace(b'""', b'"'))
        at = match.end()
    return found if at == len(row) else None
