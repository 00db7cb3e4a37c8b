"""Line-delimited text whose lines are rows of columns: with a header or a layout that is known, in any column order.

VPC flow logs, access logs, CSV without line breaks in values. A record is its line without the line's end; what its
header says goes into the attribute `fields`, word for word, so that SQL can read each row by its own header.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any

from transforms.decoders.compression import Readable
from transforms.decoders.framing import BOM, FIELDS, HEADER_BYTES, REPEATED_BYTES, Bounds, read_full
from transforms.errors import DataError
from transforms.lake.records import Bad, Chunk

if TYPE_CHECKING:  # declarations import this module, and Airflow reads all of them again and again
    import pyarrow as pa

    from transforms.lake.texts import Texts

QUOTED = re.compile(rb'[^ "\[][^ ]*|"(?:[^"\\]|\\.)*"(?:,"(?:[^"\\]|\\.)*")*|\[[^\] ]{0,64} [^\]]{0,64}\]|[^ ]+')
NEWLINE, SPACE, QUOTE, COMMA, BRACKET, BACKSLASH, CLOSED = b'\n ",[\\]'
BRACKETED = 65
"""Bytes from a bracket to the one that closes it, up to which a space between them is theirs without a closer look."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says: its own text, the columns' names in order, and what stands between a record's fields.

    Without names it is a line that is neither header nor record. Of a layout, `begins` are the lines that have it
    (empty: those that no other layout begins with), and `least` is how many fields its first version had, where fields
    are only ever appended.
    """

    fields: str
    names: tuple[str, ...] = ()
    separator: bytes = b" "
    begins: tuple[bytes, ...] = ()
    least: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Rows of columns, a line each. Empty lines are none.

    header: the header that a line is, or None for a record; told whether it is the object's first line. It may come
    again, or another one, anywhere. opens: the bytes that a header may begin with. layouts: what a line without a
    header is taken for, by its number of fields. loose: the one column whose values may hold the separator.
    grows_right: fields are only ever appended to the format, so that a line may have fewer or more than its header.
    quoted: values may stand in quotes or brackets, and then hold the separator, a space (`with_quotes`).
    respaced: values hold no blanks, so that a line may stand between spaces where its header's separator is a tab.
    """

    header: Callable[[bytes, bool], Header | None] | None = None
    opens: bytes = b""
    layouts: tuple[Header, ...] = ()
    loose: str | None = None
    grows_right: bool = False
    quoted: bool = False
    respaced: bool = False

    @property
    def appendable(self) -> bool:
        return self.header is None

    def __call__(self, stream: Readable, bounds: Bounds) -> Iterator[Chunk]:
        """Chunks of about `chunk_bytes`, each under one header. Raises DataError for a line over `max_document`."""
        state = _State(self, bounds)
        held, offset, first = b"", 0, True
        while True:
            block = read_full(stream, bounds.chunk_bytes)
            end = len(block) < bounds.chunk_bytes
            held = held + block if held else block
            if first and held.startswith(BOM):
                held, offset = held[len(BOM) :], len(BOM)
            stop = len(held) if end and bounds.final else held.rfind(b"\n") + 1
            offset += stop
            yield from state.chunks(held[:stop], offset, first)
            held, first = held[stop:], first and not stop
            if end:
                return
            if len(held) > bounds.max_document:
                raise DataError(f"document over {bounds.max_document} bytes without a record boundary")

    def rows(self, lines: list[bytes], numbers: list[int], bounds: Bounds) -> list[Chunk]:
        """Chunks of lines that were wrapped in something else, with the numbers that they had there."""
        from transforms.lake.texts import Texts

        chunks = list(_State(self, replace(bounds, first_no=0)).under(Texts.of(lines)))
        for chunk in chunks:
            chunk.bad = [replace(bad, record_no=numbers[bad.record_no]) for bad in chunk.bad]
            chunk.numbers = [numbers[n] for n in chunk.numbers]
        return chunks


class _State:
    """The header that holds, and the number of the next record."""

    def __init__(self, lines: Lines, bounds: Bounds) -> None:
        self.lines, self.bounds, self.next_no = lines, bounds, bounds.first_no
        self.header = _remembered(lines, bounds.attributes)

    def chunks(self, data: bytes, consumed: int, first: bool) -> Iterator[Chunk]:
        """The records of whole lines; at least one chunk, the last of which says what was consumed."""
        from transforms.lake.texts import Texts

        lines = Texts.lines(data)
        chunk = Chunk(next_no=self.next_no)
        for header, part in self._parts(lines, first):
            self.header = header
            for chunk in self.under(part):
                self.next_no = chunk.next_no
                chunk.consumed = consumed
                yield chunk
        if not lines or chunk.consumed != consumed:
            yield Chunk(next_no=self.next_no, consumed=consumed)

    def _parts(self, lines: Texts, first: bool) -> Iterator[tuple[Header | None, Texts]]:
        """Runs of records with the header above each."""
        import numpy as np

        find = self.lines.header
        if find is None or not lines:
            yield self.header, lines
            return
        opens = np.zeros(256, dtype=bool)
        opens[list(self.lines.opens)] = True
        may = opens[np.frombuffer(lines.data, np.uint8)[lines.begins]]
        may[0] |= first
        header, start = self.header, 0
        for index in np.flatnonzero(may & (lines.lengths <= HEADER_BYTES)).tolist():
            found = find(lines[index], first and index == 0)
            if found is not None:
                yield header, lines[start:index]
                header, start = found if found.names else header, index + 1
        yield header, lines[start:]

    def under(self, lines: Texts) -> Iterator[Chunk]:
        """Chunks of records below one header, or each below the layout that fits it."""
        number = self.next_no
        if self.header is not None:
            yield from self._pieces(self.header, lines, number)
            return
        begun = self._by_opening(lines)
        if begun is not None:
            start = 0
            for one, run in groupby(begun):
                stop = start + len(list(run))
                yield from self._pieces(one, lines[start:stop], number + start)
                start = stop
            return
        start = 0
        before: Header | None = None
        for index, line in enumerate(lines):
            layout = self._layout(line)
            if index and layout is not before:
                yield from self._pieces(before, lines[start:index], number + start)
                start = index
            before = layout
        yield from self._pieces(before, lines[start:], number + start)

    def _pieces(self, header: Header | None, lines: Texts, number: int) -> Iterator[Chunk]:
        rows = max(1, REPEATED_BYTES // max(1, len(header.fields))) if header else len(lines)
        for start in range(0, len(lines), max(1, rows)):
            yield self._chunk(header, lines[start : start + rows], number + start)

    def _by_opening(self, lines: Texts) -> Sequence[Header] | None:
        """The layout of each line, if how it begins says it alone."""
        if not self.lines.grows_right:
            return None
        length = max((len(mark) for layout in self.lines.layouts for mark in layout.begins), default=0)
        if lines and len(lines[0]) >= length and lines.all_begin(lines[0][:length]):
            layouts = self._begun(lines[0])
            return [layouts[0]] * len(lines) if len(layouts) == 1 else None
        openings = [line[:length] for line in lines]
        known = {opening: self._begun(opening) for opening in set(openings)}
        if any(len(layouts) != 1 for layouts in known.values()):
            return None
        return [known[opening][0] for opening in openings]

    def _begun(self, line: bytes) -> list[Header]:
        """The layouts that a line may have, as it begins."""
        layouts = [layout for layout in self.lines.layouts if layout.begins and line.startswith(layout.begins)]
        return layouts or [layout for layout in self.lines.layouts if not layout.begins]

    def _layout(self, line: bytes) -> Header | None:
        layouts = self._begun(line)
        if self.lines.grows_right and len(layouts) == 1:
            return layouts[0]
        exact = longest = None
        for layout in layouts:
            count = len(_split(self.lines, layout, line))
            exact = exact or (layout if count == len(layout.names) else None)
            longest = layout if longest is None or len(layout.names) > len(longest.names) else longest
        return exact or (longest if self.lines.grows_right else None)

    def _chunk(self, header: Header | None, lines: Texts, number: int) -> Chunk:
        limit = self.bounds.max_record
        chunk = Chunk(next_no=number + len(lines))
        if header is None:
            chunk.bad = [
                _bad(number + i, line, "no header, and of no known layout", limit) for i, line in enumerate(lines)
            ]
            return chunk
        chunk.attributes = {FIELDS: header.fields}
        chunk.records, chunk.numbers = lines, range(number, chunk.next_no)
        over = lines.lengths > limit
        if over.any():
            chunk.bad = [_bad(number + i, lines[i], "", limit) for i in over.nonzero()[0].tolist()]
            chunk.records, chunk.numbers = lines.where(~over), (number + (~over).nonzero()[0]).tolist()
        chunk.columns = LineColumns(self.lines, header, chunk.records)
        return chunk


class LineColumns:
    """The columns of records below one header: all at once where every record is as it says, else one by one."""

    def __init__(self, lines: Lines, header: Header, records: Sequence[bytes]) -> None:
        from transforms.lake.texts import Texts

        self.lines, self.header, self.records = lines, header, Texts.of(records)

    @classmethod
    def joined(cls, parts: Sequence[LineColumns]) -> LineColumns:
        """The columns of all records of some that are of the same lines, below the same header."""
        from transforms.lake.texts import Texts

        return cls(parts[0].lines, parts[0].header, Texts.joined([part.records for part in parts]))

    def __call__(self, names: Sequence[str]) -> tuple[Mapping[str, pa.Array], Mapping[int, str]]:
        """transforms.lake.records.Columns"""
        wanted = [name for name in names if name in self.header.names]
        if self.lines.quoted:
            return _quoted_columns(self.lines, self.header, self.records, wanted)
        if self._even is not None:
            return {name: self._even.column(self.header.names.index(name)) for name in wanted}, {}
        return _one_by_one(self.lines, self.header, self.records, wanted)

    def side_by_side(self, names: Sequence[str], needed: Sequence[str]) -> Sequence[pa.Array | None] | None:
        """transforms.lake.records.SideBySide"""
        even = None if self.lines.quoted or not set(needed) <= set(self.header.names) else self._even
        if even is None:
            return None
        places = [self.header.names.index(name) if name in self.header.names else None for name in names]
        runs: list[list[int] | None] = []
        for place in places:
            last = runs[-1] if runs else None
            if place is not None and last and place == last[-1] + 1:
                last.append(place)
            else:
                runs.append(None if place is None else [place])
        return [None if run is None else even.run(run[0], run[-1]) for run in runs]

    @cached_property
    def _even(self) -> _Even | None:
        """None where a record has not as many fields as the header, or the header names one twice."""
        if len(set(self.header.names)) != len(self.header.names):
            return None
        return _Even.of(self.header, self.records)


def _quoted_columns(
    lines: Lines, header: Header, records: Texts, wanted: list[str]
) -> tuple[Mapping[str, pa.Array], Mapping[int, str]]:
    """All lines at once whose spaces, quotes and brackets are where they should be; the odd ones one by one."""
    import numpy as np
    import pyarrow as pa

    parted = _Parted.of(records)
    width = 0 if parted is None else parted.width
    if parted is None or width < max(header.least, 1):
        return _one_by_one(lines, header, records, wanted)
    alike = parted.counts == width
    places = {name: header.names.index(name) for name in wanted}
    columns = {name: parted.column(place) for name, place in places.items()}
    if alike.all():
        return columns, {}
    rest = np.flatnonzero(~alike).tolist()
    odd, reasons = _one_by_one(lines, header, [records[index] for index in rest], wanted)
    order = pa.array(np.argsort(np.concatenate([np.flatnonzero(alike), rest]), kind="stable"))
    joined = {name: pa.concat_arrays([columns[name], odd[name]]).take(order) for name in wanted}
    return joined, {rest[index]: reason for index, reason in reasons.items()}


class _Parted:
    """Where the fields of `with_quotes` stand in lines: `counts` a line, 0 where that is not plain to see.

    `width` is the count that most of the others have; `column` cuts fields out of these, without quotes or brackets.
    """

    def __init__(self, data: bytes) -> None:
        import numpy as np

        self.data = data
        byte = self.byte = np.frombuffer(data, np.uint8)
        marks = np.flatnonzero((byte == QUOTE) | (byte == SPACE) | (byte == NEWLINE) | (byte == BRACKET))
        kinds = byte[marks]
        quote, newline = kinds == QUOTE, np.flatnonzero(kinds == NEWLINE)
        rank = np.cumsum(quote)
        above = rank[newline]
        # quotes in the line so far: an opening one is odd, a closing one is not, what is odd of the rest is inside
        inside = (rank - np.repeat(above, np.diff(newline, append=len(marks)))) & 1 == 1
        starts, ends = marks[newline[:-2]], marks[newline[1:-1]]
        unclosed = np.diff(above[:-1]) & 1 == 1
        opening, closing = marks[quote & inside], marks[quote & ~inside]
        spaces = marks[(kinds == SPACE) & ~inside]
        before, after = byte[opening - 1], byte[closing + 1]
        in_list = (before == COMMA) & (byte[opening - 2] == QUOTE)
        goes_on = (after == COMMA) & (byte[closing + 2 - (closing + 2 == len(byte))] == QUOTE)
        beside = byte[spaces - 1]
        odd = [
            ends[unclosed],
            opening[(before != SPACE) & (before != NEWLINE) & ~in_list],
            closing[(after != SPACE) & (after != NEWLINE) & ~goes_on],
            closing[byte[closing - 1] == BACKSLASH],
            spaces[(beside == SPACE) | (beside == NEWLINE) | (byte[spaces + 1] == NEWLINE)],
        ]
        bracket = marks[(kinds == BRACKET) & ~inside]
        bracket = bracket[(byte[bracket - 1] == SPACE) | (byte[bracket - 1] == NEWLINE)]
        closes = np.append(np.flatnonzero(byte == CLOSED), len(byte) - 1)
        close = closes[np.searchsorted(closes, bracket)]
        first, last = np.searchsorted(spaces, bracket), np.searchsorted(spaces, close)
        holds = (last > first) & (close < ends[np.searchsorted(ends, bracket)])
        bracket, close, first, last = bracket[holds], close[holds], first[holds], last[holds]
        after, quoted = byte[close + 1], np.searchsorted(opening, close) > np.searchsorted(opening, bracket)
        plain = (last - first == 1) & (close - bracket <= BRACKETED) & ~quoted & ((after == SPACE) | (after == NEWLINE))
        odd.append(bracket[~plain])
        self.brackets, self.lists = bracket[plain], opening[in_list]
        spaces = np.delete(spaces, first[plain])

        parts = np.diff(np.searchsorted(spaces, ends), prepend=0)
        self.counts = parts + 1
        self.counts[np.searchsorted(ends, np.concatenate(odd))] = 0
        common = np.bincount(self.counts, minlength=2)[1:]
        self.width = int(common.argmax()) + 1 if common.any() else 0
        alike = self.counts == self.width if self.width else np.zeros(len(ends), dtype=bool)
        count = int(np.count_nonzero(alike))
        edges = spaces[np.repeat(alike, parts)].reshape(count, max(self.width - 1, 0))
        self.edges = [starts[alike], *edges.T, ends[alike]]

    @classmethod
    def of(cls, records: Texts) -> _Parted | None:
        """None where a line cannot be told from the next."""
        data = b"\n" + records.block() + b"\n\n"
        return cls(data) if records and data.count(b"\n") == len(records) + 2 else None

    def column(self, place: int) -> pa.Array:
        """The field at a place in each line of `width` fields; null where there is none."""
        import numpy as np
        import pyarrow as pa

        from transforms.lake.texts import cut

        count = len(self.edges[0])
        if place >= self.width:
            return pa.nulls(count, pa.binary())
        begin, end = self.edges[place] + 1, self.edges[place + 1]
        bare = (self.byte[begin] == QUOTE) & (self.byte[end - 1] == QUOTE) & (end - begin > 1)
        if len(self.lists):
            bare &= np.searchsorted(self.lists, begin) == np.searchsorted(self.lists, end)
        if len(self.brackets):
            bare |= np.searchsorted(self.brackets, begin) != np.searchsorted(self.brackets, begin, "right")
        return cut(self.data, begin + bare, end - bare)


class _Even:
    """Lines that have as many fields as their header, and where each of these begins and ends."""

    def __init__(self, data: bytes, begins: Any, ends: Any) -> None:
        self.data, self.begins, self.ends = data, begins, ends

    @classmethod
    def of(cls, header: Header, records: Texts) -> _Even | None:
        import numpy as np

        data, count, width = records.block(), len(records), len(header.names)
        byte, separator = np.frombuffer(data, np.uint8), header.separator[0]
        newline = byte == NEWLINE
        marks = np.flatnonzero((byte == separator) | newline)
        if not data or len(marks) != count * width - 1 or np.count_nonzero(newline) != count - 1:
            return None
        edges = np.empty(count * width + 1, np.int32)
        edges[0], edges[1:-1], edges[-1] = -1, marks, len(data)
        ends = edges[1:].reshape(count, width)
        if not newline[ends[:-1, -1]].all():
            return None
        return cls(data, (edges[:-1] + 1).reshape(count, width), ends)

    def column(self, place: int) -> pa.Array:
        """The field at a place in each line."""
        return self._cut(self.data, place, place)

    def run(self, first: int, last: int) -> pa.Array:
        """The fields from one place to another, with a line end between them."""
        return self._cut(self.data if first == last else self._broken, first, last)

    @cached_property
    def _broken(self) -> bytes:
        """The lines with a line end for each separator."""
        import numpy as np

        byte = np.frombuffer(self.data, np.uint8).copy()
        byte[self.ends.ravel()[:-1]] = NEWLINE
        return byte.tobytes()

    def _cut(self, data: bytes, first: int, last: int) -> pa.Array:
        from transforms.lake.texts import cut

        return cut(data, self.begins[:, first], self.ends[:, last])


def _one_by_one(
    lines: Lines, header: Header, records: Sequence[bytes], wanted: list[str]
) -> tuple[Mapping[str, pa.Array], Mapping[int, str]]:
    import pyarrow as pa

    places = [header.names.index(name) for name in wanted]
    rows: list[list[bytes | None]] = []
    reasons: dict[int, str] = {}
    count = len(header.names)
    for index, record in enumerate(records):
        fields = _split(lines, header, record)
        if len(fields) != count and not lines.grows_right:
            reasons[index] = f"{len(fields)} fields where the header names {count}"
            rows.append([None] * len(places))
        elif len(fields) < header.least:
            reasons[index] = f"{len(fields)} fields where there are {header.least} at least"
            rows.append([None] * len(places))
        else:
            found = [fields[place] if place < len(fields) else None for place in places]
            rows.append([value and _bare(value) for value in found] if lines.quoted else found)
    columns = zip(*rows, strict=True) if rows else [[] for _ in wanted]
    return {name: pa.array(column, pa.binary()) for name, column in zip(wanted, columns, strict=True)}, reasons


def _split(lines: Lines, header: Header, record: bytes) -> list[bytes]:
    """A record's fields; what is too many belongs to the loose column."""
    if lines.quoted:
        return with_quotes(record)
    fields = record.split(header.separator)
    surplus = len(fields) - len(header.names)
    if surplus and lines.respaced:
        return [field for field in record.replace(b"\t", b" ").split(b" ") if field]
    if surplus > 0 and lines.loose in header.names:
        at = header.names.index(lines.loose)
        fields[at : at + surplus + 1] = [header.separator.join(fields[at : at + surplus + 1])]
    return fields


def _remembered(lines: Lines, attributes: str | None) -> Header | None:
    """The header of a record that was put aside: its attributes kept it."""
    fields = json.loads(attributes).get(FIELDS) if attributes else None
    if not isinstance(fields, str):
        return None
    for layout in lines.layouts:
        if layout.fields == fields:
            return layout
    return lines.header(fields.encode(), True) if lines.header is not None else None


def _bad(number: int, line: bytes, reason: str, limit: int) -> Bad:
    if len(line) > limit:
        reason = f"record of {len(line)} bytes is over the limit of {limit}"
    return Bad(number, line, reason, len(line))


# --- headers and fields of the formats that are met ------------------------------------------------------------------


def header_like(pattern: str, separators: Sequence[str]) -> Callable[[bytes, bool], Header | None]:
    """A line of words, each of which matches `pattern`, is a header; its separator is the first that it holds.

    Names are as the source's columns are asked for: lower case, with hyphens.
    """
    words = {mark: re.compile(rf"{pattern}(?:{re.escape(mark)}{pattern})+", re.ASCII) for mark in separators}

    def find(line: bytes, _first: bool) -> Header | None:
        text = line.decode("latin-1")
        for mark, shape in words.items():
            if mark in text:
                return Header(text, hyphened(text, mark), mark.encode()) if shape.fullmatch(text) else None
        return None

    return find


def hyphened(fields: str, separator: str = " ") -> tuple[str, ...]:
    """The names in a header: lower case, `_` as `-`."""
    return tuple(fields.lower().replace("_", "-").split(separator))


def directive(mark: str, separator: str) -> Callable[[bytes, bool], Header | None]:
    """Lines that begin with `#` are no records; the one that begins with `mark` names the columns (W3C log)."""
    sign, between = mark.encode(), separator.encode()

    def find(line: bytes, _first: bool) -> Header | None:
        if not line.startswith(b"#"):
            return None
        if not line.startswith(sign):
            return Header("")
        fields = line.decode("utf-8", "replace")
        return Header(fields, tuple(fields[len(mark) :].split()), between)

    return find


def first_line(separator: str) -> Callable[[bytes, bool], Header | None]:
    """The object's first line names the columns (CSV)."""
    between = separator.encode()

    def find(line: bytes, first: bool) -> Header | None:
        fields = line.decode("utf-8", "replace")
        return Header(fields, tuple(fields.split(separator)), between) if first else None

    return find


def quoted_fields(line: bytes) -> list[bytes]:
    """Fields between spaces, which stay within double quotes and brackets (S3 and load balancer access logs).

    Brackets without a space inside belong to their field: an IPv6 address before its port. So do the quotes of a list:
    "h2","http/1.1".
    """
    return [_bare(field) for field in with_quotes(line)]


with_quotes = QUOTED.findall
"""The same fields with the quotes and brackets around them."""


def _bare(field: bytes) -> bytes:
    first = field[:1]
    if first == b'"':
        return field[1:-1] if len(field) > 1 and field[-1:] == b'"' and b'","' not in field[1:-1] else field
    return field[1:-1] if first == b"[" and b" " in field else field
