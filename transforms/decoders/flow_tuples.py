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
from dataclasses import dataclass
from functools import partial
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
        """A chunk for each group. Raises DataError for a blob over `bounds.max_document` bytes."""
        data = read_full(stream, bounds.max_document + 1)
        if len(data) > bounds.max_document:
            raise DataError(f"document over {bounds.max_document} bytes")
        below = _remembered(bounds.attributes), [data]
        if below[0] is None:
            first, _, rest = data.partition(b"\n")
            if rest.strip(WHITE)[:1] not in (b"", b"{", b"[", b"]", b"}", b'"') and self._is_header(first):
                below = first.strip(WHITE).decode(), rest.splitlines()
        if below[0] is not None:
            chunk = self._tuples(below[0], self._names(below[0]), below[1], bounds.first_no, bounds)
            chunk.consumed = len(data)
            yield chunk
            return
        found = _records(data, bounds)
        number = bounds.first_no
        for item in _in_order(found):
            if isinstance(item, Bad):
                yield Chunk(
                    bad=[Bad(number, item.data, item.reason, item.length)], next_no=number + 1, consumed=found.consumed
                )
                number += 1
                continue
            for chunk in self._record(item, number, bounds):
                chunk.consumed = found.consumed
                number = chunk.next_no
                yield chunk
        yield Chunk(next_no=number, consumed=found.consumed)

    def _is_header(self, line: bytes) -> bool:
        try:
            record = DECODE(line)
        except (msgspec.DecodeError, RecursionError, ValueError):
            return False
        return isinstance(record, dict) and self._parts(record) is not None

    def _record(self, item: Raw, number: int, bounds: Bounds) -> Iterator[Chunk]:
        """The chunks of one record as it was delivered."""
        size = len(memoryview(item))
        try:
            record = DECODE(item)
        except (msgspec.DecodeError, RecursionError, ValueError) as error:
            yield _one_bad(number, bytes(item), f"not JSON: {error}", size)
            return
        if not isinstance(record, dict):
            yield _one_bad(number, bytes(item), "wrong type: a record that is no JSON object", size)
            return
        parts = self._parts(record)
        if not any(tuples for _, _, tuples in parts or []):
            names = {**record, "tuple": bytes(item).decode("utf-8", "replace"), "clock": record.get("time")}
            yield Chunk(numbers=[number], records=[item], next_no=number + 1, columns=partial(_columns_of_one, names))
            return
        for context, names, tuples in parts or []:
            header = ENCODE(context).decode()
            if len(header) > HEADER_BYTES:
                reason = f"a record of {len(header)} bytes beside its tuples, over the limit of {HEADER_BYTES}"
                yield _one_bad(number, bytes(item), reason, size)
                return
            chunk = self._tuples(header, names, tuples, number, bounds)
            number = chunk.next_no
            yield chunk

    def _parts(self, record: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any], list[Any]]] | None:
        """(record with one group alone and no tuples, values by name, tuples) of each group; None for another shape."""
        holder = record.get(self.holder)
        if not isinstance(holder, dict) or not isinstance(flows := holder.get("flows"), list):
            return None
        found = []
        for flow in flows:
            groups = flow.get(self.groups) if isinstance(flow, dict) else None
            if not isinstance(groups, list):
                return None
            for group in groups:
                tuples = group.get(TUPLES, []) if isinstance(group, dict) else None
                if not isinstance(tuples, list):
                    return None
                alone = {name: value for name, value in group.items() if name != TUPLES}
                context = {**record, self.holder: {**holder, "flows": [{**flow, self.groups: [alone]}]}}
                found.append((context, {**record, **flow, **alone}, tuples))
        return found

    def _names(self, header: str) -> dict[str, Any]:
        """The values by name of the group that a header is of."""
        parts = self._parts(DECODE(header))
        return parts[0][1] if parts else {}

    def _tuples(self, header: str, names: dict[str, Any], tuples: list[Any], number: int, bounds: Bounds) -> Chunk:
        chunk = Chunk(attributes={FIELDS: header}, next_no=number + len(tuples))
        for at, value in enumerate(tuples, number):
            data, reason = self._checked(value, bounds.max_record)
            if reason is not None:
                chunk.bad.append(Bad(at, data, reason, len(data)))
                continue
            chunk.records.append(data)
            chunk.numbers.append(at)
        chunk.columns = partial(_columns, names, [bytes(record) for record in chunk.records])
        return chunk

    def _checked(self, value: Any, limit: int) -> tuple[bytes, str | None]:
        """The bytes of a tuple, and why it is none."""
        if isinstance(value, str):
            value = value.encode("utf-8", "surrogatepass")
        if not isinstance(value, bytes):
            return ENCODE(value), "wrong type: a tuple that is no text"
        if len(value) > limit:
            return value, f"record of {len(value)} bytes is over the limit of {limit}"
        count = value.count(b",") + 1
        return value, f"{count} fields where a tuple has {self.least} or more" if count < self.least else None


def _columns(
    names: Mapping[str, Any], tuples: Sequence[bytes], wanted: Sequence[str]
) -> tuple[Mapping[str, pa.Array], Mapping[int, str]]:
    """The columns that are asked for: of the tuples their own, of what stands around them the same for all."""
    import pyarrow as pa

    own: dict[str, list[bytes | None]] = {"tuple": [*tuples], "clock": [t.partition(b",")[0] for t in tuples]}
    return {
        name: pa.array(own.get(name) or [_plain(names.get(name))] * len(tuples), pa.binary()) for name in wanted
    }, {}


def _columns_of_one(
    names: Mapping[str, Any], wanted: Sequence[str]
) -> tuple[Mapping[str, pa.Array], Mapping[int, str]]:
    import pyarrow as pa

    return {name: pa.array([_plain(names.get(name))], pa.binary()) for name in wanted}, {}


def _plain(value: Any) -> bytes | None:
    text = None if isinstance(value, (dict, list)) else text_of(value)
    return None if text is None else text.encode("utf-8", "surrogatepass")


def _records(data: bytes, bounds: Bounds) -> Chunk:
    """The records of a blob, or of what follows a record in it; `consumed` ends behind the last whole one."""
    text = data.removeprefix(BOM).strip(WHITE)
    whole = text if OPENED.match(text) else OPENING + text.lstrip(b"," + WHITE)
    if CLOSED.search(text[-TAIL:]):
        try:
            items = EXPAND(whole)
        except (msgspec.DecodeError, RecursionError):
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


def _one_bad(number: int, data: bytes, reason: str, size: int) -> Chunk:
    return Chunk(bad=[Bad(number, data, reason, size)], next_no=number + 1)


def _remembered(attributes: str | None) -> str | None:
    """The header of a tuple that was put aside: its attributes kept it."""
    fields = json.loads(attributes).get(FIELDS) if attributes else None
    return fields if isinstance(fields, str) else None
