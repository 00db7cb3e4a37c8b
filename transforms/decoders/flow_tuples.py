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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, repeat
from operator import methodcaller
from typing import TYPE_CHECKING, Any

import msgspec

from transforms.decoders.compression import Readable
from transforms.decoders.framing import BOM, FIELDS, HEADER_BYTES, Bounds, read_full, text_of
from transforms.decoders.json_records import JsonRecords, envelope
from transforms.errors import DataError
from transforms.lake.records import Bad, Chunk, Raw

if TYPE_CHECKING:  # declarations import this module, and Airflow reads all of them again and again
    import pyarrow as pa

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
Names = tuple[Mapping[str, Any], ...]
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
        if header is not None:
            held = _Held(bounds.first_no)
            for _ in self._tuples(held, header, self._names(header), below, bounds):
                yield held.chunk(len(data))
            yield held.chunk(len(data))
            return
        found = _records(data, bounds)
        held = _Held(bounds.first_no)
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
        parts = self._parts(record)
        if not any(tuples for _, _, tuples in parts or []):
            if size > bounds.max_record:
                held.bad(bytes(item), f"record of {size} bytes is over the limit of {bounds.max_record}", size)
            else:
                held.one(item, record)
            return
        for context, names, tuples in parts or []:
            header = ENCODE(context).decode()
            if len(header) > HEADER_BYTES:
                reason = f"a record of {len(header)} bytes beside its tuples, over the limit of {HEADER_BYTES}"
                held.bad(bytes(item), reason, size)
                return
            yield from self._tuples(held, header, names, tuples, bounds)

    def _parts(self, record: dict[str, Any]) -> list[tuple[dict[str, Any], Names, list[Any]]] | None:
        """(record with one group alone and no tuples, where names are looked up, tuples) of each group; None for
        another shape."""
        holder = record.get(self.holder)
        if not isinstance(holder, dict) or not isinstance(flows := holder.get("flows"), list):
            return None
        found: list[tuple[dict[str, Any], Names, list[Any]]] = []
        for flow in flows:
            groups = flow.get(self.groups) if isinstance(flow, dict) else None
            if not isinstance(groups, list):
                return None
            for group in groups:
                tuples = group.get(TUPLES, []) if isinstance(group, dict) else None
                if not isinstance(tuples, list):
                    return None
                alone = group.copy()
                alone.pop(TUPLES, None)
                context = {**record, self.holder: {**holder, "flows": [{**flow, self.groups: [alone]}]}}
                found.append((context, (alone, flow, record), tuples))
        return found

    def _names(self, header: str) -> Names:
        """Where the names of the group are looked up that a header is of."""
        parts = self._parts(DECODE(header))
        return parts[0][1] if parts else ()

    def _tuples(self, held: _Held, header: str, names: Names, tuples: Sequence[Any], bounds: Bounds) -> Iterator[None]:
        """The tuples of a group; stops wherever the chunk is full."""
        group = _Group({FIELDS: header}, names)
        try:
            texts = [value if isinstance(value, bytes) else value.encode() for value in tuples]
        except (AttributeError, UnicodeEncodeError):
            texts = []
        if texts and min(map(_commas, texts)) >= self.least - 1 and max(map(len, texts)) <= bounds.max_record:
            count = max(1, bounds.chunk_bytes // (len(header) + max(map(len, texts))))
            for start in range(0, len(texts), count):
                held.add(group, texts[start : start + count])
                if held.size >= bounds.chunk_bytes:
                    yield
            return
        for value in tuples:
            data, reason = self._checked(value, bounds.max_record)
            if reason is None:
                held.add(group, [data])
            else:
                held.bad(data, reason, len(data), group.attributes)
            if held.size >= bounds.chunk_bytes:
                yield

    def _checked(self, value: Any, limit: int) -> tuple[bytes, str | None]:
        """The bytes of a tuple, and why it is none."""
        if isinstance(value, str):
            value = value.encode("utf-8", "surrogatepass")
        if not isinstance(value, bytes):
            return ENCODE(value), "wrong type: a tuple that is no text"
        if len(value) > limit:
            return value, f"record of {len(value)} bytes is over the limit of {limit}"
        count = _commas(value) + 1
        return value, f"{count} fields where a tuple has {self.least} or more" if count < self.least else None


_commas = methodcaller("count", b",")


@dataclass(slots=True, eq=False)
class _Group:
    """What stands around tuples; of a record that has none, the record itself."""

    attributes: Mapping[str, str] | None
    names: Names

    def plain(self, name: str) -> bytes | None:
        """The text of the innermost value of a name."""
        for level in self.names:
            if name in level:
                value = level[name]
                if type(value) is str and value.isascii():
                    return value.encode()
                text = None if isinstance(value, (dict, list)) else text_of(value)
                return None if text is None else text.encode("utf-8", "surrogatepass")
        return None


class _Held:
    """The records of a chunk that is being made, and for each the group that it stands in."""

    def __init__(self, first_no: int) -> None:
        self.next_no = first_no
        self._clear()

    def _clear(self) -> None:
        self.size = 0
        self._numbers: list[int] = []
        self._records: list[bytes] = []
        self._bad: list[Bad] = []
        self._groups: list[_Group] = []
        self._said: list[Mapping[str, str] | None] = []
        self._counts: list[int] = []

    def add(self, group: _Group, tuples: Sequence[bytes]) -> None:
        count = len(tuples)
        self._numbers += range(self.next_no, self.next_no + count)
        self._records += tuples
        self._groups.append(group)
        self._said.append(group.attributes)
        self._counts.append(count)
        self.next_no += count
        around = len(group.attributes[FIELDS]) if group.attributes else 0
        self.size += count * around + sum(map(len, tuples))

    def one(self, item: Raw, record: Mapping[str, Any]) -> None:
        """A record without tuples."""
        names = {**record, "tuple": bytes(item).decode("utf-8", "replace"), "clock": record.get("time")}
        self.add(_Group(None, (names,)), [bytes(item)])

    def bad(self, data: bytes | None, reason: str, length: int, attributes: Mapping[str, str] | None = None) -> None:
        self._bad.append(Bad(self.next_no, data, reason, length, attributes))
        self.next_no += 1
        self.size += length + (len(attributes[FIELDS]) if attributes else 0)

    def chunk(self, consumed: int) -> Chunk:
        """The chunk that was made; the next is begun."""
        chunk = Chunk(
            numbers=self._numbers,
            records=list(self._records),
            bad=self._bad,
            next_no=self.next_no,
            consumed=consumed,
            columns=partial(_columns, self._groups, self._counts, self._records),
            attributes=list(chain.from_iterable(map(repeat, self._said, self._counts))),
        )
        self._clear()
        return chunk


def _columns(
    groups: Sequence[_Group], counts: Sequence[int], records: Sequence[bytes], wanted: Sequence[str]
) -> tuple[Mapping[str, pa.Array], Mapping[int, str]]:
    """The columns that are asked for: of the tuples their own, of what stands around them a group's for all of it."""
    import numpy as np
    import pyarrow as pa

    which = np.repeat(np.arange(len(groups), dtype=np.int32), counts)
    place = pa.Array.from_buffers(pa.int32(), len(which), [None, pa.py_buffer(which)])  # pa.array imports pandas
    starts = np.cumsum([0, *counts]).tolist()
    alone = [(group, at) for group, at in zip(groups, starts, strict=False) if group.attributes is None]
    found = {}
    for name in wanted:
        if name in OWN:
            texts = list(map(OWN[name], records))
            for group, at in alone:
                texts[at] = group.plain(name)
            found[name] = pa.array(texts, pa.binary())
        else:
            found[name] = pa.array([group.plain(name) for group in groups], pa.binary()).take(place)
    return found, {}


OWN: dict[str, Callable[[bytes], bytes | None]] = {"tuple": bytes, "clock": lambda text: text.partition(b",")[0]}
"""The columns that a tuple itself has."""


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
        total.numbers += chunk.numbers
        total.records += chunk.records
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
