"""Azure flow logs: blobs `{"records":[...]}` whose records hold tuples in groups; what lands is a record a tuple.

A tuple's text is its own. What stands around it (the record with the tuple's group alone, and no tuples) is the
attribute `fields`, as the header is of a line: below that header the tuple can be read alone. Tuples are numbered in
the order in which they stand in the blob; a record without any is one itself, and so is what has another shape.

The blob grows by blocks between its first, `{"records":[`, and its last, `]}`, which moves. What precedes the last is
never changed: a later read begins behind the last whole record, at a comma.
https://learn.microsoft.com/azure/network-watcher/vnet-flow-logs-overview
https://learn.microsoft.com/azure/network-watcher/nsg-flow-logs-overview
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from transforms.decoders.compression import Readable
from transforms.decoders.framing import BOM, FIELDS, HEADER_BYTES, Bounds, read_full, text_of
from transforms.decoders.json_records import JsonRecords, envelope
from transforms.errors import DataError
from transforms.lake.records import Bad, Chunk, Raw, Runs

if TYPE_CHECKING:  # declarations import this module, and Airflow reads all of them again and again
    import pyarrow as pa

    from transforms.lake.texts import Texts

WHITE = b" \t\r\n"
OPENING = b'{"records":['
OPENED = re.compile(rb'\s*\{\s*"records"\s*:\s*\[')
CLOSED = re.compile(rb"\s*\]\s*\}?\s*\Z")
TAIL = 256
"""Bytes at the end of a blob within which its last block stands."""
EXPAND = envelope("records")
DECODE = msgspec.json.Decoder().decode
ENCODE = msgspec.json.Encoder().encode
TUPLES = "flowTuples"
COMMA = b","[0]
Levels = tuple[Mapping[str, Any], ...]
"""Members by name, the innermost first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowTuples:
    """The tuples of records `{holder: {"flows": [{groups: [{"flowTuples": [...]}]}]}}`.

    least: how many values the oldest version's tuple has. Columns that a source may ask for: members of the record, the
    flow and the group by name (the innermost wins), `tuple` for the whole text, and `clock` for its first value; of a
    record without tuples these are its text and its `time`.
    """

    holder: str
    groups: str
    least: int
    appendable: bool = True

    def __call__(self, stream: Readable, bounds: Bounds) -> Iterator[Chunk]:
        """Chunks of about `bounds.chunk_bytes` with what stands around each tuple.

        Raises DataError for a blob over `bounds.max_document` bytes.
        """
        data = read_full(stream, bounds.max_document + 1)
        if len(data) > bounds.max_document:
            raise DataError(f"document over {bounds.max_document} bytes")
        header, below = _remembered(bounds.attributes), [data]
        if header is None:
            first, _, rest = data.partition(b"\n")
            if rest.strip(WHITE)[:1] not in (b"", b",", b"{", b"[", b"]", b"}", b'"') and self._is_header(first):
                header, below = first.strip(WHITE).decode(), rest.splitlines()
        held = _Held(self, bounds.max_record, bounds.first_no)
        if header is not None:
            levels: Levels = next((levels for _, levels, _ in self._parts(DECODE(header)) or ()), ())
            for _ in self._values(held, _Group({FIELDS: header}, levels), below, bounds):
                yield held.chunk(len(data))
            yield held.chunk(len(data))
            return
        found = _records(data, bounds)
        for item in _in_order(found):
            if isinstance(item, Bad):
                held.bad(item.data, item.reason, item.length)
            else:
                for _ in self._record(held, item, bounds):
                    yield held.chunk(found.consumed)
            if held.size >= bounds.chunk_bytes:
                yield held.chunk(found.consumed)
        yield held.chunk(found.consumed)

    def _is_header(self, line: bytes) -> bool:
        try:
            record = DECODE(line)
        except (msgspec.DecodeError, RecursionError, ValueError):
            return False
        return isinstance(record, dict) and self._parts(record) is not None

    def _record(self, held: _Held, item: Raw, bounds: Bounds) -> Iterator[None]:
        """What one record holds, as it was delivered; stops wherever the chunk is full."""
        size = len(memoryview(item))
        try:
            record = DECODE(item)
        except (msgspec.DecodeError, RecursionError, ValueError) as error:
            held.bad(bytes(item), f"not JSON: {error}", size)
            return
        if not isinstance(record, dict):
            held.bad(bytes(item), "wrong type: a record that is no JSON object", size)
            return
        parts = self._parts(record) or []
        if not any(tuples for _, _, tuples in parts):
            if size > bounds.max_record:
                held.bad(bytes(item), f"record of {size} bytes is over the limit of {bounds.max_record}", size)
            else:
                held.add(_Group(None, (record,)), bytes(item), 1)
            return
        for context, levels, tuples in parts:
            header = ENCODE(context).decode()
            if len(header) > HEADER_BYTES:
                reason = f"a record of {len(header)} bytes beside its tuples, over the limit of {HEADER_BYTES}"
                held.bad(bytes(item), reason, size)
                return
            if tuples:
                yield from self._tuples(held, _Group({FIELDS: header}, levels), tuples, bounds)

    def _parts(self, record: dict[str, Any]) -> list[tuple[dict[str, Any], Levels, list[Any]]] | None:
        """(record with one group alone and no tuples, where names are looked up, tuples) of each group; None for
        another shape."""
        holder = record.get(self.holder)
        if not isinstance(holder, dict) or not isinstance(flows := holder.get("flows"), list):
            return None
        found: list[tuple[dict[str, Any], Levels, list[Any]]] = []
        for flow in flows:
            groups = flow.get(self.groups) if isinstance(flow, dict) else None
            if not isinstance(groups, list):
                return None
            for group in groups:
                tuples = group.pop(TUPLES, []) if isinstance(group, dict) else None
                if not isinstance(tuples, list):
                    return None
                context = {**record, self.holder: {**holder, "flows": [{**flow, self.groups: [group]}]}}
                found.append((context, (group, flow, record), tuples))
        return found

    def _tuples(self, held: _Held, group: _Group, tuples: list[Any], bounds: Bounds) -> Iterator[None]:
        """The tuples of a group, which are some; stops wherever the chunk is full."""
        try:
            lines = "\n".join(tuples).encode()
        except (TypeError, UnicodeEncodeError):
            lines = b""
        count = len(tuples)
        if not lines or lines.count(b"\n") != count - 1:
            yield from self._values(held, group, tuples, bounds)
            return
        most = max(1, bounds.chunk_bytes // (group.size + len(lines) // count + 1))
        if count <= most:
            held.add(group, lines, count)
            if held.size >= bounds.chunk_bytes:
                yield
            return
        each = lines.split(b"\n")
        for start in range(0, count, most):
            part = each[start : start + most]
            held.add(group, b"\n".join(part), len(part))
            yield

    def _values(self, held: _Held, group: _Group, values: Sequence[Any], bounds: Bounds) -> Iterator[None]:
        """Tuples that are looked at one by one: texts, or what stands in the place of one."""
        for value in values:
            if isinstance(value, (str, bytes)):
                held.add(group, value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass"), 1)
            else:
                data = ENCODE(value)
                held.bad(data, "wrong type: a tuple that is no text", len(data), group.attributes)
            if held.size >= bounds.chunk_bytes:
                yield

    def too_few(self, commas: int) -> str:
        """Why a text of so many commas is no tuple."""
        return f"{commas + 1} fields where a tuple has {self.least} or more"


@dataclass(slots=True, eq=False)
class _Group:
    """What stands around tuples; of a record that has none, the record itself."""

    attributes: Mapping[str, str] | None
    levels: Levels

    @property
    def size(self) -> int:
        """Bytes that stand beside each tuple."""
        return len(self.attributes[FIELDS]) if self.attributes else 0

    def plain(self, name: str) -> bytes | None:
        """The text of the innermost value of a name."""
        for level in self.levels:
            if name in level:
                value = level[name]
                if type(value) is str and value.isascii():
                    return value.encode()
                text = None if isinstance(value, (dict, list)) else text_of(value)
                return None if text is None else text.encode("utf-8", "surrogatepass")
        return None


class _Held:
    """The records of a chunk that is being made, and for each the group that it stands in."""

    def __init__(self, tuples: FlowTuples, limit: int, first_no: int) -> None:
        self.tuples, self.limit, self.next_no = tuples, limit, first_no
        self._clear()

    def _clear(self) -> None:
        self.size = 0
        self._firsts: list[int] = []
        self._blocks: list[bytes] = []
        self._bad: list[Bad] = []
        self._groups: list[_Group] = []
        self._counts: list[int] = []

    def add(self, group: _Group, lines: bytes, count: int) -> None:
        """Records that stand in one group, a line each, or one that may hold line ends."""
        self._firsts.append(self.next_no)
        self._blocks.append(lines)
        self._groups.append(group)
        self._counts.append(count)
        self.next_no += count
        self.size += count * group.size + len(lines)

    def bad(self, data: bytes | None, reason: str, length: int, attributes: Mapping[str, str] | None = None) -> None:
        self._bad.append(Bad(self.next_no, data, reason, length, attributes))
        self.next_no += 1
        self.size += length + (len(attributes[FIELDS]) if attributes else 0)

    def chunk(self, consumed: int) -> Chunk:
        """The chunk that was made, without what is no tuple in it; the next is begun."""
        chunk = Chunk(bad=self._bad, next_no=self.next_no, consumed=consumed)
        if self._blocks:
            self._fill(chunk)
        self._clear()
        return chunk

    def _fill(self, chunk: Chunk) -> None:
        import numpy as np

        from transforms.lake.texts import Texts

        counts, groups = np.array(self._counts), self._groups
        texts = Texts.blocks(self._blocks, counts)
        which = np.repeat(np.arange(len(groups), dtype=np.int32), counts)
        within = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
        numbers = np.repeat(np.array(self._firsts), counts) + within
        commas = np.flatnonzero(np.frombuffer(texts.data, np.uint8) == COMMA)
        found = np.diff(np.searchsorted(commas, np.stack([texts.begins, texts.ends], axis=1)), axis=1)[:, 0]
        whole = np.repeat(np.array([group.attributes is None for group in groups]), counts)
        long, few = texts.lengths > self.limit, ~whole & (found < self.tuples.least - 1)
        odd = long | few
        for index in np.flatnonzero(odd).tolist():
            data, group = texts[index], groups[which[index]]
            reason = f"record of {len(data)} bytes is over the limit of {self.limit}"
            reason = reason if long[index] else self.tuples.too_few(int(found[index]))
            chunk.bad.append(Bad(int(numbers[index]), data, reason, len(data), group.attributes))
        if odd.any():
            chunk.bad.sort(key=lambda bad: bad.record_no)
            texts, which, numbers = texts.where(~odd), which[~odd], numbers[~odd]
            counts = np.bincount(which, minlength=len(groups))
        straight = len(numbers) and numbers[-1] - numbers[0] == len(numbers) - 1
        chunk.numbers = range(int(numbers[0]), int(numbers[-1]) + 1) if straight else numbers.tolist()
        chunk.records = texts
        chunk.columns = partial(_columns, groups, which, texts)
        chunk.attributes = Runs([group.attributes for group in groups], counts.tolist())


def _columns(
    groups: Sequence[_Group], which: Any, texts: Texts, wanted: Sequence[str]
) -> tuple[Mapping[str, pa.Array], Mapping[int, str]]:
    """The columns that are asked for: of the tuples their own, of what stands around them a group's for all of it."""
    import numpy as np
    import pyarrow as pa

    from transforms.lake.texts import cut

    place = pa.Array.from_buffers(pa.int32(), len(which), [None, pa.py_buffer(which)])  # pa.array imports pandas
    found = {}
    for name in wanted:
        if name == "tuple":
            found[name] = texts.array()
        elif name == "clock":
            commas = np.append(np.flatnonzero(np.frombuffer(texts.data, np.uint8) == COMMA), len(texts.data))
            ends = np.minimum(commas[np.searchsorted(commas, texts.begins)], texts.ends)
            own = cut(texts.data, texts.begins, ends)
            alone = np.array([group.attributes is None for group in groups])[which]
            if alone.any():
                times = _named(groups, "time").take(place)
                own = pa.compute.if_else(pa.array(alone), times, own)
            found[name] = own
        else:
            found[name] = _named(groups, name).take(place)
    return found, {}


def _named(groups: Sequence[_Group], name: str) -> pa.Array:
    """The text of the innermost value of a name, a group each."""
    import pyarrow as pa

    levels = [group.levels for group in groups]
    depth = next((depth for depth, level in enumerate(levels[0]) if name in level), -1)
    try:
        values = [of[depth][name] for of in levels]
    except (LookupError, TypeError):
        values = []
    if set(map(type, values)) == {str} and not any(name in of[inner] for inner in range(depth) for of in levels):
        with suppress(UnicodeEncodeError):
            return pa.array(values, pa.string()).cast(pa.binary())
    return pa.array([group.plain(name) for group in groups], pa.binary())


def _records(data: bytes, bounds: Bounds) -> Chunk:
    """The records of a blob, or of what follows a record in it; `consumed` ends behind the last whole one."""
    text = data.removeprefix(BOM).strip(WHITE)
    whole = text if OPENED.match(text) else OPENING + text.lstrip(b"," + WHITE)
    if CLOSED.search(text[-TAIL:]):
        try:
            items = EXPAND(whole)
        except (ValueError, RecursionError):
            pass
        else:
            chunk = Chunk(numbers=list(range(len(items))), records=list(items), next_no=len(items))
            tail = CLOSED.search(data[-TAIL:])
            left = len(data[-TAIL:]) - tail.start() if tail is not None and not bounds.final else 0
            chunk.consumed = len(data) - left
            return chunk
    return _piecewise(data, bounds)


def _piecewise(data: bytes, bounds: Bounds) -> Chunk:
    """The same of what is no whole document: one value after another, and what is none as Bad."""
    opened = OPENED.match(data.removeprefix(BOM))
    skipped = len(data) - len(data.removeprefix(BOM)) + (opened.end() if opened else 0)
    total = Chunk(consumed=len(data) if bounds.final else 0)
    size = bounds.max_document + 1
    inner = Bounds(final=bounds.final, max_record=size, max_document=size, chunk_bytes=size)
    for chunk in JsonRecords(EXPAND)(io.BytesIO(data[skipped:]), inner):
        total.numbers = [*total.numbers, *chunk.numbers]
        total.records = [*total.records, *chunk.records]
        total.bad += [bad for bad in chunk.bad if bad.data is None or not CLOSED.fullmatch(bad.data)]
        if not bounds.final:
            total.consumed = skipped + chunk.consumed
    return total


def _in_order(chunk: Chunk) -> Iterator[Raw | Bad]:
    """Records and what is none, as they stand in the blob."""
    bad = {piece.record_no: piece for piece in chunk.bad}
    records = dict(zip(chunk.numbers, chunk.records, strict=True))
    for number in sorted({*bad, *records}):
        yield records[number] if number in records else bad[number]


def _remembered(attributes: str | None) -> str | None:
    """The header of a tuple that was put aside: its attributes kept it."""
    fields = json.loads(attributes).get(FIELDS) if attributes else None
    return fields if isinstance(fields, str) else None
