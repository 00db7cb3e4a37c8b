"""Reports of scanners: documents that hold findings below the things they were found in; a record is a finding.

A finding's text is its own. What stands around it (the report, its result, its package: each level by name, without the
findings) is the attribute `fields`, as the header is of a line: below that header the finding can be read alone.

Tools that write no time leave one to the transport: the object's own time of modification. A scan is then known by its
report's bytes and that day, and the place of the object (its folder, up to the date in it) says of what it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC
from functools import cache, partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from transforms.decoders.compression import Readable
from transforms.decoders.framing import FIELDS, HEADER_BYTES, Bounds, Held, text_of
from transforms.decoders.json_records import Expand, JsonRecords, envelope
from transforms.lake.records import Bad, Chunk, Raw

if TYPE_CHECKING:  # declarations import this module, and Airflow reads all of them again and again
    import pyarrow as pa

Way = tuple[tuple[str, str], ...]
"""From a document to its findings: at each level its name and the member, a list or an object, that leads on."""
DEPTH = 16
"""How deep findings within findings are looked for: each level is read once more."""
IN, SCAN = "found_in", "scan"
"""What a header says beside the levels: the member that held the findings; what is known of a scan without a time."""
DAY = "day"
"""The column for the object's day, of what has no time but its object's."""
DATE = re.compile(r"/(?:year=|y=)?(?:19|20)\d\d(?:[/-]|$)")
WHITE = b" \t\r\n"
MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
ITEMS = msgspec.json.Decoder(list[msgspec.Raw]).decode
ANYTHING = msgspec.json.Decoder().decode
ENCODE = msgspec.json.Encoder().encode
ONE_EACH = envelope()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """The findings of reports, one after the other; a report without any gives no record.

    ways: to the findings. marks: members of which a report without findings has one; a document that has neither is
    quarantined. own: members of which a finding has one that stands in no report. key: members that name a finding.
    clock: where the time stands, the first that is there: `level.member` around the finding, else a member of its own.
    left: `level.member` paths that are not kept beside findings: what is large, or a scanner's own settings.
    own_clock: a finding may have a time of its own or not, so that the object's stands beside all of them.
    cut: paths in a finding that quote what was scanned, which may be a secret. They are taken out before anything is
    written; such a finding is encoded anew, and of what is no finding the bytes are not kept either.
    within: the member of a finding that holds further ones: each is a record of its own, after the one that it is in.

    Columns that a source may ask for: `level.member`; members of the finding, as JSON text; `found_in`; `scan`, its
    time or what it is known by without; `clock`; `day`, where the clock is the object's; and `text`, the whole finding
    where it has none of `key`.
    """

    ways: tuple[Way, ...]
    marks: frozenset[str]
    key: tuple[str, ...]
    clock: tuple[str, ...]
    own: frozenset[str] = frozenset()
    left: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    within: str | None = None
    own_clock: bool = False
    expand: Expand = ONE_EACH
    appendable: bool = False

    def __call__(self, stream: Readable, bounds: Bounds) -> Iterator[Chunk]:
        """Chunks of about `bounds.chunk_bytes`. Raises DataError for a document over `bounds.max_document` bytes."""
        held = Held(stream)
        around = _remembered(bounds.attributes) or _header_line(held)
        found = _Findings(self, bounds, bounds.first_no)
        documents = JsonRecords(self.expand if around is None else ONE_EACH)
        consumed = 0
        for chunk in documents(held, replace(bounds, max_record=bounds.max_document)):
            pieces: list[tuple[int, Raw | Bad]] = [(bad.record_no, bad) for bad in chunk.bad]
            pieces += zip(chunk.numbers, chunk.records, strict=True)
            for _, piece in sorted(pieces, key=lambda one: one[0]):
                if isinstance(piece, Bad):
                    found.bad(piece.data, piece.reason, piece.length)
                elif around is not None:
                    found.add(around, [piece])
                else:
                    self._document(found, piece)
                if found.size >= bounds.chunk_bytes:
                    yield found.chunk(consumed)
                    found = _Findings(self, bounds, found.next_no)
            consumed = chunk.consumed
        yield found.chunk(consumed)

    def _document(self, found: _Findings, document: Raw) -> None:
        try:
            members = MEMBERS(document)
        except (msgspec.MsgspecError, RecursionError, ValueError):
            if bytes(document) != b"null":
                found.bad(bytes(document), "wrong type: a report that is no JSON object", len(memoryview(document)))
            return
        digest = cache(lambda: sha256(bytes(document)).hexdigest())  # once a report, if at all
        if not self._walk(found, document, members, self.ways, {}, digest):
            if self.own & members.keys():
                found.add(None, [document])
            elif not self.marks & members.keys():
                found.bad(bytes(document), "wrong type: no report of this tool", len(memoryview(document)))

    def _walk(
        self,
        found: _Findings,
        document: Raw,
        members: Mapping[str, msgspec.Raw],
        ways: Sequence[Way],
        around: Mapping[str, msgspec.Raw],
        digest: Callable[[], str],
    ) -> bool:
        """Take the findings below one level; whether a way leads from it to where findings stand, or would."""
        leads = False
        firsts = {way[0][1] for way in ways}
        for name, member in dict.fromkeys(way[0] for way in ways):
            inner = members.get(member)
            if inner is None:
                continue
            items = _items(inner)
            leads = leads or not items or all(len(way) == 1 for way in ways if way[0] == (name, member))
            if items is None:
                found.bad(bytes(document), f"wrong type: {member} is no list", len(memoryview(document)))
                continue
            beside = {key: value for key, value in members.items() if key not in firsts}
            levels = {**around, name: msgspec.Raw(ENCODE(beside))}
            onward = [way[1:] for way in ways if way[0] == (name, member) and len(way) > 1]
            if not onward:
                self._findings(found, document, member, levels, items, digest)
                continue
            for item in items:
                try:
                    below = MEMBERS(item)
                except (msgspec.MsgspecError, RecursionError, ValueError):
                    found.bad(bytes(item), f"wrong type: {member} holds what is no JSON object", len(memoryview(item)))
                    leads = True
                else:
                    led = self._walk(found, item, below, onward, levels, digest)
                    if not led and self.own & below.keys():
                        self._findings(found, item, member, levels, [item], digest)
                        led = True
                    leads = leads or led
        return leads

    def _findings(
        self,
        found: _Findings,
        document: Raw,
        member: str,
        levels: Mapping[str, msgspec.Raw],
        items: list[msgspec.Raw],
        digest: Callable[[], str],
    ) -> None:
        if not items:
            return
        try:
            header = ANYTHING(ENCODE({IN: member, **levels}))
        except (msgspec.MsgspecError, RecursionError, ValueError) as error:
            found.bad(bytes(document), f"not JSON: around {member}: {error}", len(memoryview(document)))
            return
        if self._undated(header) and found.bounds.modified is not None:
            header[SCAN] = {
                "object_time": found.bounds.modified.astimezone(UTC).isoformat(timespec="microseconds"),
                "place": place_of(found.bounds.uri),
                "sha256": digest(),
            }
        text = ENCODE(_without(header, self.left))
        if len(text) > HEADER_BYTES:
            reason = f"wrong type: {len(text)} bytes around a finding, over the limit of {HEADER_BYTES}"
            found.bad(bytes(document), reason, len(memoryview(document)))
            return
        found.add(Around(text.decode(), header), [one for item in items for one in self._nested(item)])

    def _nested(self, item: msgspec.Raw) -> Iterator[msgspec.Raw]:
        """A finding and those within it, outermost first; what lies deeper than DEPTH is in the text of the last."""
        waiting = [(0, item)]
        while waiting:
            depth, one = waiting.pop()
            yield one
            if self.within is None or depth == DEPTH or b'"%b"' % self.within.encode() not in bytes(one):
                continue
            with suppress(msgspec.MsgspecError, RecursionError, ValueError):  # what is broken is told when it is read
                inner = MEMBERS(one).get(self.within)
                further = (_items(inner) or []) if inner is not None else []
                waiting += [(depth + 1, below) for below in reversed(further)]

    def _undated(self, header: Mapping[str, Any]) -> bool:
        """Whether no time stands around the finding, and it could stand there alone or is asked for beside it."""
        return all(_at(header, name) is None if "." in name else self.own_clock for name in self.clock)


@dataclass(frozen=True, slots=True, eq=False)
class Around:
    """What stands around findings: the text of their header, and what it says."""

    text: str
    levels: Mapping[str, Any]
    attributes: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "attributes", {FIELDS: self.text})


class _Findings:
    """The records of a chunk that is being made, and what stands around each."""

    def __init__(self, reports: Reports, bounds: Bounds, first_no: int) -> None:
        self.reports, self.bounds, self.next_no, self.size = reports, bounds, first_no, 0
        self._numbers: list[int] = []
        self._records: list[bytes] = []
        self._around: list[Around | None] = []
        self._bad: list[Bad] = []

    def add(self, around: Around | None, items: Sequence[Raw]) -> None:
        for item in items:
            record = self._uncut(bytes(item))
            attributes = None if around is None else around.attributes
            if len(record) > self.bounds.max_record:
                reason = f"record of {len(record)} bytes is over the limit of {self.bounds.max_record}"
                self.bad(record, reason, len(record), attributes)
            elif record[:1] != b"{":
                self.bad(record, "wrong type: a finding that is no JSON object", len(record), attributes)
            else:
                self._numbers.append(self.next_no)
                self._records.append(record)
                self._around.append(around)
                self.next_no += 1
                self.size += len(record) + (0 if around is None else len(around.text))

    def _uncut(self, record: bytes) -> bytes:
        """The finding without what must be cut out of it: its own bytes, where it holds nothing of the kind."""
        if not any(b'"%b"' % path.rpartition(".")[2].encode() in record for path in self.reports.cut):
            return record
        try:
            return ENCODE(_without(ANYTHING(record), self.reports.cut))
        except (msgspec.MsgspecError, RecursionError, ValueError):
            return b""

    def bad(self, data: bytes | None, reason: str, length: int, attributes: Mapping[str, str] | None = None) -> None:
        """Put a piece aside; nobody can say where a broken one holds what must be cut out."""
        data = None if self.reports.cut or (data is not None and len(data) > self.bounds.max_record) else data
        self._bad.append(Bad(self.next_no, data, reason, length, attributes))
        self.next_no += 1
        self.size += length

    def chunk(self, consumed: int) -> Chunk:
        return Chunk(
            numbers=self._numbers,
            records=list(self._records),
            bad=self._bad,
            next_no=self.next_no,
            consumed=consumed,
            columns=partial(_columns, self.reports, self._records, self._around),
            attributes=[None if around is None else around.attributes for around in self._around],
        )


def _columns(
    reports: Reports, records: Sequence[bytes], around: Sequence[Around | None], wanted: Sequence[str]
) -> tuple[Mapping[str, pa.Array], Mapping[int, str]]:
    import pyarrow as pa

    groups = {id(one): one.levels if one is not None else {} for one in around}
    own = tuple(dict.fromkeys([*reports.key, *(n for n in [*wanted, *reports.clock] if "." not in n)]))
    row = msgspec.defstruct("Row", [(n, msgspec.Raw | msgspec.UnsetType, msgspec.UNSET) for n in own])
    rows = list(map(msgspec.json.Decoder(row).decode, records))
    clocks = [_clock(reports, groups[id(one)], found) for one, found in zip(around, rows, strict=True)]
    columns: dict[str, list[bytes | None]] = {}
    for name in wanted:
        if name == "clock":
            columns[name] = clocks
        elif name == DAY:
            told = [_told(reports, groups[id(one)], found) for one, found in zip(around, rows, strict=True)]
            columns[name] = [None if time else (at or b"")[:10] or None for time, at in zip(told, clocks, strict=True)]
        elif name == "text":
            unnamed = [all(_member(found, n) is None for n in reports.key) for found in rows]
            columns[name] = [record if one else None for record, one in zip(records, unnamed, strict=True)]
        elif name == SCAN:
            scans = {key: _scan(levels) for key, levels in groups.items()}
            columns[name] = [scans[id(one)] or clock for one, clock in zip(around, clocks, strict=True)]
        elif name == IN or "." in name:
            values = {key: _at(levels, name) for key, levels in groups.items()}
            columns[name] = [values[id(one)] for one in around]
        else:
            columns[name] = [_member(found, name) for found in rows]
    return {name: pa.array(values, pa.binary()) for name, values in columns.items()}, {}


def _clock(reports: Reports, levels: Mapping[str, Any], row: Any) -> bytes | None:
    """The time of a finding, as its tool writes it, or as its object has it."""
    return _told(reports, levels, row) or _at(levels, f"{SCAN}.object_time")


def _told(reports: Reports, levels: Mapping[str, Any], row: Any) -> bytes | None:
    """The time of a finding, as its tool writes it."""
    for name in reports.clock:
        value = _at(levels, name) if "." in name else _member(row, name)
        if value is not None:
            return value.strip(b'"')
    return None


def _scan(levels: Mapping[str, Any]) -> bytes | None:
    """What a scan without a time is known by; None for one that has a time."""
    digest, time = _at(levels, f"{SCAN}.sha256"), _at(levels, f"{SCAN}.object_time")
    return None if digest is None or time is None else digest + b"/" + time[:10]


def _at(levels: Mapping[str, Any], path: str) -> bytes | None:
    value: Any = levels
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    text = ENCODE(value).decode() if isinstance(value, (dict, list)) else text_of(value)
    return None if not text else text.encode("utf-8", "surrogatepass")


def _member(row: Any, name: str) -> bytes | None:
    value = getattr(row, name)
    text = b"" if value is msgspec.UNSET else bytes(value)
    return None if text in (b"", b"null", b'""') else text


def _without(value: Any, paths: Sequence[str]) -> Any:
    """A decoded value without the members at some paths."""
    for path in paths:
        *onward, last = path.split(".")
        inner = value
        for name in onward:
            inner = inner.get(name) if isinstance(inner, dict) else None
        if isinstance(inner, dict):
            inner.pop(last, None)
    return value


def _items(value: msgspec.Raw) -> list[msgspec.Raw] | None:
    """The items of a list, or the one object, or none where it is null; None for another type."""
    first = bytes(memoryview(value)[:1])
    if first == b"[":
        return ITEMS(value)
    if first == b"{":
        return [value]
    return [] if first == b"n" else None


def place_of(uri: str | None) -> str | None:
    """The folder of an object, up to the date in it: what a bucket's owner tells scanned things apart by."""
    folder = (uri or "").rpartition("/")[0]
    dated = DATE.search(folder + "/")
    return (folder[: dated.start()] if dated else folder) or None


def _remembered(attributes: str | None) -> Around | None:
    """The header of a finding that was put aside: its attributes kept it."""
    fields = json.loads(attributes).get(FIELDS) if attributes else None
    return _around(fields.encode()) if isinstance(fields, str) else None


def _header_line(held: Held) -> Around | None:
    """What the first line says, where it is a header; it is taken off the stream then."""
    if not held.peek(len(HEAD)).startswith(HEAD):
        return None
    line, newline, rest = held.peek(HEADER_BYTES + 1).partition(b"\n")
    around = _around(line) if newline else None
    if around is not None:
        held.head = rest
    return around


HEAD = b'{"found_in":'
"""How a header begins: as this module writes it."""


def _around(line: bytes) -> Around | None:
    try:
        levels = ANYTHING(line)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
    return Around(line.decode(), levels) if isinstance(levels, dict) and isinstance(levels.get(IN), str) else None
