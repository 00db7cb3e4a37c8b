"""Records to bronze rows: identity, time, partition and place of each, or the reason why it is none.

The hot path of landing: about three microseconds a record, no JSON built, no copy of the text but one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import chain
from json.encoder import encode_basestring_ascii
from operator import itemgetter
from typing import Any, Protocol, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from transforms.errors import ConfigError
from transforms.lake.records import Bad, Chunk, Raw, Runs, Said, SideBySide
from transforms.lake.schemas import BRONZE_ROWS, TIMESTAMP
from transforms.lake.texts import NEWLINE, Texts

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=2)
"""How far a vendor's clock may run ahead of ours before its time is not believed."""
BELIEVED = 1 << 47
"""Milliseconds since the epoch that Python's datetime can say, until the year 6429."""
HEX = np.frombuffer(b"".join(b"%02x" % i for i in range(256)), np.uint16)
"""Two hexadecimal digits for each byte."""
ASCII = 128
LAST = itemgetter(-1)
OBJECT_TIME = "object_time"
"""The attribute of a record that has no time of its own: that of its object, which is its event_time."""
NOTHING = b"-"
"""What stands in an identity for a column that is empty: what text logs write."""
LOOSE_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\s*(Z|[+-]\d\d:?\d\d)", re.ASCII)


class DeclaredTable(Protocol):
    """Identity and clock of records that are rows of columns (transforms.sources.base.Table)."""

    @property
    def identity(self) -> tuple[str, ...]: ...
    @property
    def needed(self) -> tuple[str, ...]: ...
    @property
    def clock_columns(self) -> tuple[str, ...]: ...
    @property
    def clock(self) -> Callable[[Mapping[str, pa.Array]], Sequence[Any] | pa.Array]: ...


class Declared(Protocol):
    """The part of a source's declaration that makes rows of its records (transforms.sources.base.Source)."""

    @property
    def name(self) -> str: ...
    @property
    def head(self) -> type[msgspec.Struct]: ...
    @property
    def identity(self) -> Callable[[Any], tuple[Any, ...] | None]: ...
    @property
    def clock(self) -> Callable[[Any], Any]: ...
    @property
    def reject(self) -> Callable[[Any], str | None]: ...
    @property
    def unwrap(self) -> Callable[[Any], tuple[bytes, dict[str, Any]] | None]: ...
    @property
    def table(self) -> DeclaredTable | None: ...
    @property
    def dated_by_object(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the records of one object come from, and the batch that lands them."""

    uri: str
    version: str
    batch_id: str
    attributes: str | None
    modified: datetime | None = None
    """When the store got the object: the time of what its source writes without one."""

    def of(self, chunk: Chunk) -> Place:
        """The place of a chunk's records, with what their object says of them all."""
        if not isinstance(chunk.attributes, Mapping):
            return self
        return replace(self, attributes=merged(self.attributes, chunk.attributes))


Delivered: TypeAlias = tuple[Raw, Said]
"""A record as it came, and what its object says of it."""


@dataclass(slots=True)
class Rows:
    """Bronze rows of one chunk, and what of it belongs in quarantine."""

    table: pa.Table
    bad: list[Bad] = field(default_factory=list)


class EnvelopeBuilder:
    """Makes bronze rows of one source's records."""

    def __init__(self, source: Declared, landed_at: datetime) -> None:
        self.source, self.landed_at = source, landed_at
        self.latest = landed_at + AHEAD
        self.decode: Callable[[Raw], Any] = msgspec.json.Decoder(source.head).decode
        self.prefix = f"{source.name}\n".encode()

    def rows(self, chunk: Chunk, place: Place) -> Rows:
        """Bronze rows of a chunk. Nothing is dropped: each record is a row or a Bad with the reason."""
        if self.source.table is not None:
            return self._columnar(chunk, self.source.table, place)
        quick = self._all_at_once(chunk.records)
        if quick is not None:
            return self._assemble(chunk.numbers, chunk.records, *quick, list(chunk.bad), place, said=each(chunk))
        return self._one_by_one(chunk, place)

    def _columnar(self, chunk: Chunk, table: DeclaredTable, place: Place) -> Rows:
        """Records that are rows of columns: nothing is called for each of them but its hash."""
        if chunk.columns is None:
            if chunk.records:
                raise ConfigError(f"{self.source.name}: declares a table, but its framing gives no columns")
            return Rows(BRONZE_ROWS.empty_table(), list(chunk.bad))
        whole = chunk.columns
        parts = whole.side_by_side(table.identity, table.needed) if isinstance(whole, SideBySide) else None
        columns, reasons = whole(sorted({*(table.identity if parts is None else ()), *table.clock_columns}))
        if parts is None and set(table.needed) <= columns.keys():
            parts = [columns.get(name) for name in table.identity]
        if any(part is not None for part in parts or ()):
            uids = self._column_digests(parts or (), columns, table)
        else:
            uri = place.uri.encode("utf-8", "surrogateescape")
            uids = [sha256(self.prefix + b"place\n%d\n" % number + uri).digest() for number in chunk.numbers]
        dated = any(name in columns for name in table.clock_columns)
        clocks = table.clock(columns) if dated else [None] * len(chunk.records)
        return self._assemble(
            chunk.numbers, chunk.records, uids, clocks, list(chunk.bad), place, reasons=reasons, said=each(chunk)
        )

    def _column_digests(
        self, parts: Sequence[pa.Array | None], columns: Mapping[str, pa.Array], table: DeclaredTable
    ) -> list[bytes]:
        """The event_uid of every record, over its identity columns: `parts`, one column each or side by side.

        The columns stand one below the other, so that no two rows give the same bytes; a row that holds line breaks is
        written otherwise. What is empty and what is absent is the same.
        """
        nothing = pa.scalar(NOTHING, pa.binary())
        joined = pc.binary_join_element_wise(
            pa.scalar(self.prefix + b"columns", pa.binary()),
            *(nothing if part is None else part for part in parts),
            pa.scalar(b"\n", pa.binary()),
            null_handling="replace",
            null_replacement=NOTHING,
        )
        texts = joined.to_pylist()
        breaks = len(table.identity) + self.prefix.count(b"\n")
        if np.count_nonzero(np.frombuffer(joined.buffers()[2], np.uint8) == NEWLINE) == breaks * len(texts):
            return [sha256(text).digest() for text in texts]
        empty = pa.repeat(nothing, len(texts))
        rows = zip(*(columns.get(n, empty).fill_null(NOTHING).to_pylist() for n in table.identity), strict=True)
        return [
            sha256(text).digest() if text.count(b"\n") == breaks else self._digest(_texts(row), b"")
            for text, row in zip(texts, rows, strict=True)
        ]

    def _all_at_once(self, records: Sequence[Raw]) -> tuple[list[bytes], list[Any]] | None:
        """Identity and clock of every record, or None where one of them needs a closer look."""
        source = self.source
        try:
            heads = list(map(self.decode, records))
            if any(map(source.unwrap, heads)) or any(map(source.reject, heads)):
                return None
            clocks = list(map(source.clock, heads))
            if source.dated_by_object and not all(clocks):
                return None
            ids = list(map(source.identity, heads))
        except (msgspec.MsgspecError, RecursionError, ValueError):
            return None
        return self._digests(ids, records), clocks

    def _digests(self, ids: Sequence[tuple[Any, ...] | None], records: Sequence[Raw]) -> list[bytes]:
        """The event_uid of every record. Texts, as many of them each, take no call a record."""
        try:
            columns = list(zip(*ids, strict=True))
            lengths = [list(map(len, column)) for column in columns]
        except (TypeError, ValueError):  # none, not as many, or no texts
            columns = []
        if columns and set(map(type, chain.from_iterable(columns))) == {str}:
            form = self.prefix.decode() + "%d:%s," * len(columns)
            texts = list(map(form.__mod__, zip(*chain.from_iterable(zip(lengths, columns, strict=True)), strict=True)))
            if all(map(str.isascii, texts)):  # a length is one of bytes
                return [sha256(text.encode()).digest() for text in texts]
        return [self._digest(one, raw) for one, raw in zip(ids, records, strict=True)]

    def _digest(self, ids: tuple[Any, ...] | None, raw: Raw) -> bytes:
        """The event_uid: over the identity, or over the text where the vendor gives none."""
        text = b"raw\n" + bytes(raw) if ids is None else identity_bytes(ids)
        return sha256(self.prefix + text).digest()

    def _one_by_one(self, chunk: Chunk, place: Place) -> Rows:
        bad = list(chunk.bad)
        numbers: list[int] = []
        raws: list[Raw] = []
        uids: list[bytes] = []
        clocks: list[Any] = []
        delivered: list[Delivered] = []
        said: list[Said] = []
        decode, identity, clock = self.decode, self.source.identity, self.source.clock
        reject, unwrap = self.source.reject, self.source.unwrap
        given = each(chunk) or [None] * len(chunk.records)
        for number, whole, beside in zip(chunk.numbers, chunk.records, given, strict=True):
            raw, extra = whole, None
            try:
                head = decode(raw)
                inner = unwrap(head)
                if inner is not None:
                    raw, extra = inner
                    head = decode(raw)
                reason = reject(head)
                ids = identity(head)
                when = clock(head)
                if not when and reason is None and self.source.dated_by_object and place.modified is not None:
                    ids, when, extra = _dated(ids, raw, place.modified, extra)
            except (msgspec.MsgspecError, RecursionError, ValueError) as error:
                reason = _why(error)
            if reason is not None:
                bad.append(Bad(number, bytes(whole), reason, len(memoryview(whole)), beside))
                continue
            uids.append(self._digest(ids, raw))
            numbers.append(number)
            raws.append(raw)
            clocks.append(when)
            delivered.append((whole, beside))
            said.append(beside if extra is None else {**(beside or {}), **extra})
        return self._assemble(numbers, raws, uids, clocks, bad, place, delivered=delivered, said=said)

    def _assemble(
        self,
        numbers: Sequence[int],
        raws: Sequence[Raw],
        uids: Sequence[bytes],
        clocks: Sequence[Any],
        bad: list[Bad],
        place: Place,
        *,
        delivered: Sequence[Delivered] = (),
        reasons: Mapping[int, str] | None = None,
        said: Sequence[Said] | None = None,
    ) -> Rows:
        """Rows of records and what is known of each: `said` beside its text, `delivered` how it came if otherwise."""
        times, failed = self._times(clocks)
        texts, broken = text_array(raws)
        keep = None
        reasons = {**failed, **broken, **(reasons or {})}
        if reasons:
            for index, reason in sorted(reasons.items()):
                whole, beside = delivered[index] if delivered else (raws[index], said[index] if said else None)
                bad.append(Bad(numbers[index], bytes(whole), reason, len(memoryview(whole)), beside))
            mask = np.ones(len(numbers), dtype=bool)
            mask[list(reasons)] = False
            keep = pa.array(mask)
        count = len(numbers)
        table = pa.Table.from_arrays(
            [
                _hex_array(uids),
                times,
                times.cast(pa.date32()),
                pa.repeat(pa.scalar(self.landed_at, TIMESTAMP), count),
                *(_same(value, count) for value in (place.batch_id, place.uri, place.version)),
                _numbers(numbers),
                _attributes(place.attributes, said, count),
                texts,
            ],
            schema=BRONZE_ROWS,
        )
        bad.sort(key=lambda b: b.record_no)
        return Rows(table.filter(keep) if keep is not None else table, bad)

    def _times(self, clocks: Sequence[Any] | pa.Array) -> tuple[pa.Array, dict[int, str]]:
        """Microsecond UTC timestamps, and for those that are none the reason by index."""
        times = None
        if not isinstance(clocks, pa.Array) and set(map(type, clocks)) == {int} and max(map(abs, clocks)) < BELIEVED:
            clocks = pa.array(clocks, pa.int64())
        if isinstance(clocks, pa.Array):
            if pa.types.is_integer(clocks.type) and not clocks.null_count and _believed(clocks):
                times = clocks.cast(pa.timestamp("ms", "UTC")).cast(TIMESTAMP)
            clocks = clocks.to_pylist() if times is None else clocks
        elif _in_one_form(clocks):
            try:
                nanoseconds = pa.array(clocks, pa.string()).cast(pa.timestamp("ns", "UTC"))
                times = nanoseconds.cast(TIMESTAMP, safe=False)  # cuts what is beyond microseconds
            except pa.ArrowInvalid:
                times = None
        failed: dict[int, str] = {}
        if times is None:
            values: list[datetime | None] = []
            for index, value in enumerate(clocks):
                try:
                    values.append(parse_time(value))
                except ValueError as error:
                    values.append(None)
                    failed[index] = str(error)
            times = pa.array(values, TIMESTAMP)
        if len(times):
            span = pc.min_max(times).as_py()
            if span["min"] is not None and (span["min"] < EARLIEST or span["max"] > self.latest):
                for index, value in enumerate(times.to_pylist()):
                    if value is not None and not EARLIEST <= value <= self.latest:
                        failed[index] = f"time out of bounds: {value.isoformat()}"
        return times, failed


def _dated(
    ids: tuple[Any, ...] | None, raw: Raw, modified: datetime, extra: Mapping[str, Any] | None
) -> tuple[tuple[Any, ...], str, dict[str, Any]]:
    """(identity, time, what is said of it) of a record that has no time: its object's, and a new one on each day.

    The same report delivered twice on one day is one event; a later scan that finds the same is another.
    """
    at = modified.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    known = (bytes(raw).decode("utf-8", "replace"),) if ids is None else ids
    return (*known, at[:10]), at, {**(extra or {}), OBJECT_TIME: at}


def identity_bytes(ids: Sequence[Any]) -> bytes:
    """The identity columns, each with its length, so that no two different tuples give the same bytes."""
    texts = ["-," if value is None else f"{len(text := str(value))}:{text}," for value in ids]
    joined = "".join(texts)
    if joined.isascii():  # a length is one of bytes
        return joined.encode()
    encoded = (None if value is None else str(value).encode("utf-8", "surrogatepass") for value in ids)
    return b"".join(b"-," if one is None else b"%d:%b," % (len(one), one) for one in encoded)


def _hex_array(digests: Sequence[bytes]) -> pa.Array:
    """SHA-256 digests as lower-case hexadecimal strings."""
    text = HEX[np.frombuffer(b"".join(digests), np.uint8)]
    offsets = np.arange(0, 64 * len(digests) + 1, 64, dtype=np.int32)
    return pa.StringArray.from_buffers(len(digests), pa.py_buffer(offsets), pa.py_buffer(text))


def _believed(milliseconds: pa.Array) -> bool:
    span = pc.min_max(milliseconds).as_py()
    return span["min"] is None or (span["min"] > -BELIEVED and span["max"] < BELIEVED)


def _in_one_form(clocks: Sequence[Any]) -> bool:
    """Whether all are texts that Arrow's parser takes as ours does: with seconds, up to nanoseconds, in UTC."""
    try:
        zulu = set(map(type, clocks)) == {str} and set(map(LAST, clocks)) == {"Z"}
    except IndexError:  # an empty one
        return False
    return zulu and set(range(20, 31)).issuperset(map(len, clocks))


def parse_time(value: Any) -> datetime:
    """An RFC 3339 text with a zone, or epoch milliseconds. Raises ValueError saying what is wrong with it.

    Fractions beyond microseconds are cut; the raw text keeps them.
    """
    if value is None or value == "":
        raise ValueError("no time")
    if isinstance(value, str):
        match = LOOSE_TIME.fullmatch(value.strip())
        if match is None:
            raise ValueError(f"time not readable: {value[:64]!r}")
        day, clock, fraction, zone = match.groups()
        try:
            return datetime.fromisoformat(
                f"{day}T{clock}.{(fraction or '0')[:6]:0<6}{'+00:00' if zone == 'Z' else zone}"
            ).astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValueError(f"time not readable: {value[:64]!r}") from None
    try:
        return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=value)
    except (OverflowError, ValueError, TypeError):
        raise ValueError(f"time not readable: {str(value)[:64]!r}") from None


def text_array(raws: Sequence[Raw]) -> tuple[pa.Array, dict[int, str]]:
    """One Arrow string array over the joined records; those that are not UTF-8 are empty, with the reason by index."""
    broken: dict[int, str] = {}
    array, ascii_only = _held(raws) if isinstance(raws, Texts) else _joined(raws)
    try:
        if not ascii_only:  # most logs are, and then there is nothing to check
            array.validate(full=True)
    except pa.ArrowInvalid:
        checked: list[Raw] = []
        for index, raw in enumerate(raws):
            try:
                bytes(raw).decode("utf-8")
                checked.append(raw)
            except UnicodeDecodeError as error:
                broken[index] = f"not UTF-8: byte {error.start}"
                checked.append(b"")
        array, _ = _joined(checked)
    return array, broken


def _held(texts: Texts) -> tuple[pa.Array, bool]:
    """Texts that stand in one already, the same way."""
    array = texts.array()
    own = np.frombuffer(array.buffers()[2], np.uint8)  # of the text that they stand in there may be far more
    return pa.StringArray.from_buffers(len(array), *array.buffers()[1:]), bool(own.max(initial=0) < ASCII)


def _joined(raws: Sequence[Raw]) -> tuple[pa.Array, bool]:
    """The texts one after another as a string array that is not checked yet, and whether they are all ASCII."""
    offsets = np.zeros(len(raws) + 1, dtype=np.int32)
    plain = set(map(type, raws)) == {bytes}
    lengths = map(len, raws if plain else map(memoryview, raws))  # type: ignore[arg-type]
    np.cumsum(np.fromiter(lengths, dtype=np.int32, count=len(raws)), out=offsets[1:])
    data = b"".join(raws)
    return pa.StringArray.from_buffers(len(raws), pa.py_buffer(offsets), pa.py_buffer(data)), data.isascii()


def _texts(row: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(value.decode("utf-8", "surrogateescape") for value in row)


def each(chunk: Chunk) -> Sequence[Said] | None:
    """What the object says of each of a chunk's records, where that differs."""
    return None if isinstance(chunk.attributes, Mapping) else chunk.attributes


def _attributes(all_: str | None, said: Sequence[Said] | None, count: int) -> pa.Array:
    """The column `attributes`. Records that share what is said of them share the object that says it."""
    values = said.values if isinstance(said, Runs) else said
    if not values or not any(values):
        return _same(all_, count)
    shared = dict(zip(map(id, values), values, strict=True))
    texts = {key: all_ if one is None else merged(all_, one) for key, one in shared.items()}
    places = {text: place for place, text in enumerate(dict.fromkeys(texts.values()))}
    of = {key: places[text] for key, text in texts.items()}
    indices = np.fromiter(map(of.__getitem__, map(id, values)), np.int32, len(values))
    return _shared(list(places), np.repeat(indices, said.counts) if isinstance(said, Runs) else indices)


def _numbers(numbers: Sequence[int]) -> pa.Array:
    if isinstance(numbers, range):
        return pa.array(np.arange(numbers.start, numbers.stop, dtype=np.int64))
    return pa.array(numbers, pa.int64())


def _same(value: str | None, count: int) -> pa.DictionaryArray:
    """A column of one value."""
    return _shared([value], np.zeros(count, np.int32))


def _shared(values: Sequence[str | None], indices: npt.NDArray[np.int32]) -> pa.DictionaryArray:
    """A column of few values, no two alike; None of them is null."""
    if None in values:
        empty = values.index(None)
        places = pa.array(indices - (indices > empty), pa.int32(), mask=indices == empty)
    else:
        places = pa.Array.from_buffers(pa.int32(), len(indices), [None, pa.py_buffer(indices)])
    known = pa.array([value for value in values if value is not None], pa.string())
    return pa.DictionaryArray.from_arrays(places, known)


_SORTED = json.JSONEncoder(sort_keys=True).encode


def merged(attributes: str | None, extra: Mapping[str, Any]) -> str:
    """The JSON text of attributes with more of them."""
    if not attributes and len(extra) == 1:
        ((name, value),) = extra.items()
        if isinstance(value, str):  # a header, of thousands of groups one each
            return f"{{{encode_basestring_ascii(name)}: {encode_basestring_ascii(value)}}}"
    return _SORTED({**(json.loads(attributes) if attributes else {}), **extra})


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    text = str(error)
    return f"wrong type: {text}" if isinstance(error, msgspec.ValidationError) else f"not JSON: {text}"
