"""Reports of scanners: documents that hold findings below the things they were found in; a record is a finding.

A finding's text is its own. What stands around it (the report, its result, its package: each level by name, without the
findings) is the attribute `fields`, as the header is of a line: below that header the finding can be read alone.

Tools that write no time leave one to the transport: the object's own time of modification. A scan is then known by its
report's bytes, that day and the place of the object (its folder, up to the date in it), which says of what it is: two
machines of one kind have the same report.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, lru_cache, partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from transforms.decoders.compression import Readable
from transforms.decoders.framing import FIELDS, HEADER_BYTES, PEEK, Bounds, Held, text_of
from transforms.decoders.json_records import Expand, JsonRecords, envelope, stands_twice
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
LETTER = re.compile(rb"\\u00[4-7]")
"""An escape that nobody needs: a member's name is then not what it looks like."""
TOGETHER = 1024
"""Findings that are taken before a chunk may end."""
MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
ITEMS = msgspec.json.Decoder(list[msgspec.Raw]).decode
ANYTHING = msgspec.json.Decoder().decode
ENCODE = msgspec.json.Encoder().encode
ONE_EACH = envelope()
Full: TypeAlias = Iterator[None]
"""Stops wherever the chunk that is being made is full: it is handed on, and the next is begun."""
Walk: TypeAlias = Generator[None, None, bool]
NOTHING = frozenset({None, b"", b"null", b'""'})


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
        documents = JsonRecords(self.expand if around is None else ONE_EACH, whole=True)
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
                    for _ in self._document(found, piece):
                        yield found.chunk(consumed)
                if found.full():
                    yield found.chunk(consumed)
            consumed = chunk.consumed
        yield found.chunk(consumed)

    def _document(self, found: _Findings, document: Raw) -> Full:
        try:
            members = MEMBERS(document)
        except (msgspec.MsgspecError, RecursionError, ValueError):
            if bytes(document) != b"null":
                found.bad(bytes(document), "wrong type: a report that is no JSON object", len(memoryview(document)))
            return
        found.begin(document)
        if not (yield from self._walk(found, document, members, self.ways, None)):
            if self.own & members.keys():
                found.add(None, [document])
            elif not self.marks & members.keys():
                found.bad(bytes(document), "wrong type: no report of this tool", len(memoryview(document)))

    def _walk(
        self,
        found: _Findings,
        document: Raw,
        members: Mapping[str, msgspec.Raw],
        ways: tuple[Way, ...],
        around: Level | None,
    ) -> Walk:
        """Take the findings below one level; whether a way leads from it to where findings stand, or would."""
        leads = False
        steps, firsts = _steps(ways)
        if stands_twice(bytes(document), firsts & members.keys()):
            found.bad(bytes(document), "wrong type: a member stands there twice", len(memoryview(document)))
            return True
        for name, member, onward in steps:
            inner = members.get(member)
            if inner is None:
                continue
            items = _items(inner)
            leads = leads or not items or not onward
            if items is None:
                found.bad(bytes(document), f"wrong type: {member} is no list", len(memoryview(document)))
            if not items:
                continue
            beside = {key: value for key, value in members.items() if key not in firsts}
            level = Level(around, name, ENCODE(beside))
            if not onward:
                yield from self._findings(found, document, member, level, items)
                continue
            for item in items:
                try:
                    below = MEMBERS(item)
                except (msgspec.MsgspecError, RecursionError, ValueError):
                    found.bad(bytes(item), f"wrong type: {member} holds what is no JSON object", len(memoryview(item)))
                    leads = True
                else:
                    led = yield from self._walk(found, item, below, onward, level)
                    if not led and self.own & below.keys():
                        yield from self._findings(found, item, member, level, [item])
                        led = True
                    leads = leads or led
        return leads

    def _findings(
        self, found: _Findings, document: Raw, member: str, level: Level | None, items: list[msgspec.Raw]
    ) -> Full:
        """Take findings that stand at a member of the innermost level."""
        said: dict[str, Any] = {IN: member}
        texts: dict[str, Any] = {IN: member}
        try:
            if level is not None:
                values, raws = level.read(self.left)
                said |= values
                texts |= raws
        except (msgspec.MsgspecError, RecursionError, ValueError) as error:
            found.bad(bytes(document), f"not JSON: around {member}: {error}", len(memoryview(document)))
            return
        if self._undated(said):
            scan = found.scan()
            if scan is not None:
                said[SCAN] = texts[SCAN] = scan
        text = ENCODE(texts)
        if len(text) > HEADER_BYTES:
            reason = f"wrong type: {len(text)} bytes around a finding, over the limit of {HEADER_BYTES}"
            found.bad(bytes(document), reason, len(memoryview(document)))
            return
        if self.within is not None:
            items = [one for item in items for one in self._nested(item)]
        header = Around(text.decode(), said)
        count = max(1, min(TOGETHER, found.bounds.chunk_bytes // len(text)))
        for start in range(0, len(items), count):
            found.add(header, items[start : start + count])
            if found.full():
                yield

    def _nested(self, item: msgspec.Raw) -> Iterator[msgspec.Raw]:
        """A finding and those within it, outermost first; what lies deeper than DEPTH is in the text of the last."""
        waiting = [(0, item)]
        while waiting:
            depth, one = waiting.pop()
            yield one
            if depth == DEPTH or b'"%b"' % str(self.within).encode() not in bytes(one):
                continue
            with suppress(msgspec.MsgspecError, RecursionError, ValueError):  # what is broken is told when it is read
                inner = MEMBERS(one).get(str(self.within))
                further = (_items(inner) or []) if inner is not None else []
                waiting += [(depth + 1, below) for below in reversed(further)]

    def _undated(self, header: Mapping[str, Any]) -> bool:
        """Whether no time stands around the finding, and it could stand there alone or is asked for beside it."""
        return all(_at(header, name) in (None, "") if "." in name else self.own_clock for name in self.clock)


@cache
def _steps(ways: tuple[Way, ...]) -> tuple[tuple[tuple[str, str, tuple[Way, ...]], ...], frozenset[str]]:
    """(level, member, ways onward from there, none where findings stand) of each first step; the members by name."""
    steps = tuple(
        (*step, tuple(way[1:] for way in ways if way[0] == step and len(way) > 1))
        for step in dict.fromkeys(way[0] for way in ways)
    )
    return steps, frozenset(member for _, member, _ in steps)


class Level:
    """One level around findings, and those above it. It is read once, and where there are findings."""

    __slots__ = ("_read", "above", "name", "text")

    def __init__(self, above: Level | None, name: str, text: bytes) -> None:
        self.above, self.name, self.text = above, name, text
        self._read: tuple[Mapping[str, Any], Mapping[str, msgspec.Raw]] | None = None

    def read(self, left: tuple[str, ...]) -> tuple[Mapping[str, Any], Mapping[str, msgspec.Raw]]:
        """Each level by name, its value and its JSON text, without what is not kept (`left`).

        Raises msgspec.MsgspecError, RecursionError, ValueError where one is no JSON.
        """
        if self._read is None:
            values, texts = ({}, {}) if self.above is None else self.above.read(left)
            value = _without(ANYTHING(self.text), _below(left, self.name))
            self._read = {**values, self.name: value}, {**texts, self.name: msgspec.Raw(ENCODE(value))}
        return self._read


class Around:
    """What stands around findings: the text of their header, and what it says."""

    __slots__ = ("attributes", "levels", "text")

    def __init__(self, text: str, levels: Mapping[str, Any]) -> None:
        self.text, self.levels = text, levels
        self.attributes = {FIELDS: text}


class _Findings:
    """The records of a chunk that is being made, and what stands around each."""

    def __init__(self, reports: Reports, bounds: Bounds, first_no: int) -> None:
        self.reports, self.bounds, self.next_no = reports, bounds, first_no
        self._clear()
        self._document: Raw = b""
        self._scan: dict[str, str | None] | None = None
        names = sorted({re.escape(path.rpartition(".")[2]) for path in reports.cut})
        self._cut = re.compile(rb'"(?:%b)"' % "|".join(names).encode()) if names else None

    def _clear(self) -> None:
        self.size = 0
        self._numbers: list[int] = []
        self._records: list[bytes] = []
        self._around: list[Around | None] = []
        self._bad: list[Bad] = []

    def full(self) -> bool:
        """Whether the chunk is as large as it should be, what stands around each finding with it."""
        return self.size >= self.bounds.chunk_bytes

    def begin(self, document: Raw) -> None:
        """Findings of another report follow."""
        self._document, self._scan = document, None

    def scan(self) -> Mapping[str, str | None] | None:
        """What the scan of the report is known by that says no time; None where its object has none either."""
        modified = self.bounds.modified
        if self._scan is None and modified is not None:
            at, place = _transport(modified, self.bounds.uri)
            self._scan = {"object_time": at, "place": place, "sha256": sha256(bytes(self._document)).hexdigest()}
        return self._scan

    def add(self, around: Around | None, items: Sequence[Raw]) -> None:
        attributes = None if around is None else around.attributes
        for item in items:
            record = bytes(item)
            if self._cut is not None and (self._cut.search(record) or LETTER.search(record)):
                record = self._uncut(record)
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
        """The finding without what must be cut out of it."""
        try:
            return ENCODE(_without(ANYTHING(record), self.reports.cut))
        except (msgspec.MsgspecError, RecursionError, ValueError):
            return b""

    def bad(self, data: bytes | None, reason: str, length: int, attributes: Mapping[str, str] | None = None) -> None:
        """Put a piece aside; nobody can say where a broken one holds what must be cut out."""
        data = None if self.reports.cut or (data is not None and len(data) > self.bounds.max_record) else data
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
            columns=partial(_columns, self.reports, self._records, self._around),
            attributes=[None if around is None else around.attributes for around in self._around],
        )
        self._clear()
        return chunk


def _columns(
    reports: Reports, records: Sequence[bytes], around: Sequence[Around | None], wanted: Sequence[str]
) -> tuple[Mapping[str, pa.Array], Mapping[int, str]]:
    import pyarrow as pa

    groups = {id(one): one.levels if one is not None else {} for one in around}
    own = tuple(dict.fromkeys([*reports.key, *(n for n in [*wanted, *reports.clock] if "." not in n)]))
    row = msgspec.defstruct("Row", [(n, msgspec.Raw | msgspec.UnsetType, msgspec.UNSET) for n in own], gc=False)
    rows = map(msgspec.structs.astuple, map(msgspec.json.Decoder(row).decode, records))
    keys = list(map(id, around))
    members = {name: _members(column) for name, column in zip(own, zip(*rows, strict=True), strict=False)}

    def of_groups(path: str) -> Values:
        """What stands around each at a path; for thousands of groups the steps are taken together."""
        values: list[Any] = list(groups.values())
        for name in _parts(path):
            values = [value.get(name) if isinstance(value, dict) else None for value in values]
            if values.count(None) == len(values):
                return None
        texts = dict(zip(groups, map(_text, values), strict=True))
        return list(map(texts.__getitem__, keys))

    def either(first: Values, second: Values) -> Values:
        """The first, or where it is empty the second."""
        if first is None or second is None:
            return first or second
        return [one or other for one, other in zip(first, second, strict=True)]

    nothing: list[bytes | None] = [None] * len(records)
    told: Values = None
    for name in reports.clock:
        of_one = of_groups(name) if "." in name else members.get(name)
        told = either(told, of_one and [None if value is None else value.strip(b'"') for value in of_one])
    of_object = of_groups(f"{SCAN}.object_time")
    clocks = either(told, of_object)
    columns: dict[str, Values] = {}
    for name in wanted:
        if name == "clock":
            columns[name] = clocks
        elif name == DAY:
            days = clocks and [None if at is None else at[:10] for at in clocks]
            columns[name] = days and [None if time else day for time, day in zip(told or nothing, days, strict=True)]
        elif name == "text":
            named = [column for n in reports.key if (column := members.get(n)) is not None]
            unnamed = [not any(values) for values in zip(*named, strict=True)] if named else [True] * len(records)
            columns[name] = [record if one else None for record, one in zip(records, unnamed, strict=True)]
        elif name == SCAN:
            told_by = (of_groups(f"{SCAN}.sha256"), of_object, of_groups(f"{SCAN}.place"))
            parts = zip(*(values or nothing for values in told_by), strict=True)
            scans = [
                None if digest is None or at is None else b"/".join((digest, at[:10], place or b""))
                for digest, at, place in parts
            ]
            columns[name] = either(scans, clocks)
        elif name == IN or "." in name:
            columns[name] = of_groups(name)
        else:
            columns[name] = members.get(name)
    return {name: pa.array(values or nothing, pa.binary()) for name, values in columns.items()}, {}


Values: TypeAlias = "list[bytes | None] | None"
"""A column's values; None where no record has one."""


def _members(column: tuple[Any, ...]) -> Values:
    """The JSON texts of one member; what is empty is none."""
    if column.count(msgspec.UNSET) == len(column):
        return None
    texts = [None if value is msgspec.UNSET else bytes(value) for value in column]
    return [None if text in NOTHING else text for text in texts]


def _at(levels: Any, path: str) -> Any:
    for name in _parts(path):
        levels = levels.get(name) if isinstance(levels, dict) else None
    return levels


def _text(value: Any) -> bytes | None:
    """The text of a value; what is empty is none."""
    if isinstance(value, str):
        text: str | None = value
    else:
        text = ENCODE(value).decode() if isinstance(value, (dict, list)) else text_of(value)
    return None if not text else text.encode("utf-8", "surrogatepass")


@cache
def _parts(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


@cache
def _below(paths: tuple[str, ...], level: str) -> tuple[str, ...]:
    """What is below one level of the paths."""
    return tuple(path.removeprefix(f"{level}.") for path in paths if path.startswith(f"{level}."))


@lru_cache(maxsize=1)
def _transport(modified: datetime, uri: str | None) -> tuple[str, str | None]:
    """When a report's object was written, and its place."""
    return modified.astimezone(UTC).isoformat(timespec="microseconds"), place_of(uri)


def _without(value: Any, paths: Sequence[str]) -> Any:
    """A decoded value without the members at some paths, which lead into each item of a list."""
    for path in paths:
        _drop(value, _parts(path), 0)
    return value


def _drop(value: Any, names: tuple[str, ...], at: int) -> None:
    while isinstance(value, dict):
        if at == len(names) - 1:
            value.pop(names[at], None)
            return
        value, at = value.get(names[at]), at + 1
    if isinstance(value, list):
        for one in value:
            _drop(one, names, at)


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
    """What the first line says, where it is a header, with findings below it; it is taken off the stream then."""
    if not held.peek(len(HEAD)).startswith(HEAD):
        return None
    line, _, rest = held.peek(HEADER_BYTES + PEEK).partition(b"\n")
    around = _around(line) if rest.strip(WHITE) else None
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
