"""Bytes of JSON to the exact text of each record. Pure: no I/O beyond the stream that is given, no meaning.

Takes every shape that vendors deliver: an envelope (`{"Records":[...]}`), an array, one object, line-delimited
JSON whose lines are any of these, and pretty-printed or concatenated values. A record is the slice of the input
between its first and last byte, never text that was encoded again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from transforms.decoders.compression import Readable
from transforms.decoders.framing import BOM, Bounds, read_full
from transforms.errors import DataError
from transforms.lake.records import Bad, Chunk, Growing, Raw

WHITE = b" \t\r\n"
SCANNER = json.JSONDecoder(parse_int=float)  # Python makes no int of thousands of digits
RAW = msgspec.json.Decoder(msgspec.Raw).decode
MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
NAME = re.compile(rb'[ \t\r\n,]*("(?:[^"\\]|\\.)*")[ \t\r\n]*:[ \t\r\n]*')
NAMED = msgspec.json.Decoder(str).decode
TRAILING = re.compile(r"trailing characters \(byte (\d+)\)")
"""What the library says of a value that something follows; it has read one byte of that."""
TRUNCATED = "Input data was truncated"
OPENS = (b"{", b"[", b",")
GAP = re.compile(rb"[ \t\r\n,]*")
WINDOW = 16 << 10
TOGETHER = 1 << 20
"""Bytes of lines that are looked at together; where one of them is odd, each of them is looked at."""
LONGEST_TOKEN = 12
"""Characters before the end of a text within which an error means that the text was cut off (`\\ud83d\\ude00`)."""
RESCAN_FREE = 64 << 20
"""Bytes that may be scanned in vain, beside the data's own length: hostile lines would cost their square."""


@dataclass(frozen=True, slots=True)
class Expand:
    """Takes a JSON value apart into records. Raises ValueError or RecursionError where it is not JSON in UTF-8."""

    one: Callable[[Raw], list[Raw]]
    lines: Callable[[bytes], list[Raw] | None] = lambda lines: None
    """The records of many lines at once, or None where one of them is no object, no JSON, or more than one record."""

    def __call__(self, value: Raw) -> list[Raw]:
        return self.one(value)


def envelope(*keys: str) -> Expand:
    """Takes an array or `{key: [...]}` apart into items, anything else into itself."""
    fields = [
        (f"f{i}", list[msgspec.Raw] | msgspec.UnsetType, msgspec.field(default=msgspec.UNSET, name=key))
        for i, key in enumerate(keys)
    ]
    kind = msgspec.defstruct("Envelope", fields)
    outer = msgspec.json.Decoder(kind)
    array = msgspec.json.Decoder(list[msgspec.Raw])
    anything = msgspec.json.Decoder(msgspec.Raw)
    nothing = kind()
    names = list(zip(keys, kind.__struct_fields__, strict=True))

    def one(value: Raw) -> list[Raw]:
        first = bytes(value[:1]) if isinstance(value, bytes) else bytes(memoryview(value)[:1])
        if first == b"[":
            return list(array.decode(value))
        if first == b"{" and keys:
            try:
                found = outer.decode(value)
            except msgspec.ValidationError:  # it says nothing of what follows the value
                anything.decode(value)
                return [value]
            given = (key for key, name in names if getattr(found, name) is not msgspec.UNSET)
            if stands_twice(bytes(value), given):
                return [value]
            lists = [items for name in found.__struct_fields__ if (items := getattr(found, name)) is not msgspec.UNSET]
            return [item for items in lists for item in items] if lists else [value]
        anything.decode(value)
        return [value]

    def lines(text: bytes) -> list[Raw] | None:
        try:
            found = outer.decode_lines(text)
            return list(anything.decode_lines(text)) if found.count(nothing) == len(found) else None
        except (ValueError, RecursionError):
            return None

    return Expand(one, lines)


def stands_twice(text: bytes, names: Iterable[str]) -> bool:
    """Whether a member of an object stands there twice, where one of these may: a decoder gives the last alone."""
    for name in names:
        if text.count(b'"%b"' % name.encode()) > 1:
            break
    else:
        return False
    left, at = MEMBERS(text), text.index(b"{") + 1
    while (found := NAME.match(text, at)) is not None:
        value = bytes(left.pop(NAMED(found[1]), b""))
        if not value or not text.startswith(value, found.end()):
            return True
        at = found.end() + len(value)
    return bool(left)


def listed() -> Expand:
    """Takes an array apart into items, anything else into itself; `null` is what Go writes for an array of none."""
    plain = envelope()
    return Expand(lambda value: [] if bytes(memoryview(value)[:5]) == b"null" else plain.one(value), plain.lines)


@dataclass(frozen=True, slots=True)
class JsonRecords:
    """The framing of JSON: records are what `expand` makes of each value.

    whole: what lies within a document that is broken is not read as one.
    """

    expand: Expand
    appendable: bool = True
    whole: bool = False

    def __call__(self, stream: Readable, bounds: Bounds) -> Iterator[Chunk]:
        return read_records(
            stream,
            self.expand,
            final=bounds.final,
            first_no=bounds.first_no,
            chunk_bytes=bounds.chunk_bytes,
            max_record=bounds.max_record,
            max_document=bounds.max_document,
            whole=self.whole,
        )


def read_records(
    stream: Readable,
    expand: Expand,
    *,
    final: bool = True,
    first_no: int = 0,
    chunk_bytes: int = 16 << 20,
    max_record: int = 16 << 20,
    max_document: int = 512 << 20,
    whole: bool = False,
) -> Iterator[Chunk]:
    """Chunks of about `chunk_bytes` of plain text each. With `final` false a last incomplete record is left.

    Raises DataError for what condemns the whole object: a document over `max_document` bytes.
    """
    number, offset = first_no, 0
    held = b""
    lines = False
    chunk: Chunk
    while True:
        block = read_full(stream, chunk_bytes)
        end = len(block) < chunk_bytes
        held = held + block if held else block
        if not offset and held.startswith(BOM):
            held, offset = held[len(BOM) :], len(BOM)
        lines = lines or (not end and _starts_with_line(held, expand))
        if lines:
            chunk = _values(held, expand, number, offset, max_record, final=final and end)
        elif end:
            chunk = _document(held, expand, number, offset, final, max_record, whole)
        else:
            chunk = Chunk(next_no=number, consumed=offset)
        if end:
            yield from _pieces(chunk, offset, chunk_bytes)
            return
        number, offset, held = chunk.next_no, chunk.consumed, held[chunk.consumed - offset :]
        if chunk.records or chunk.bad:
            yield chunk
        if len(held) > max_document:
            raise DataError(f"document over {max_document} bytes without a record boundary")


def _pieces(chunk: Chunk, offset: int, size: int) -> Iterator[Chunk]:
    """A chunk in pieces of about `size` bytes: what is made of a large document need not be as large at once."""
    if chunk.consumed - offset <= size:
        yield chunk
        return
    first, held = 0, 0
    for index, record in enumerate(chunk.records):
        held += len(memoryview(record))
        if held >= size:
            last = index + 1
            numbers, records = chunk.numbers[first:last], chunk.records[first:last]
            yield Chunk(numbers=numbers, records=records, next_no=numbers[-1] + 1, consumed=offset)
            first, held = last, 0
    chunk.numbers, chunk.records = chunk.numbers[first:], chunk.records[first:]
    yield chunk


def _starts_with_line(data: bytes, expand: Expand) -> bool:
    """Whether the first line alone is JSON: then lines are the framing."""
    first = data.lstrip(WHITE)
    line = first[: first.find(b"\n")] if b"\n" in first else b""
    try:
        expand(line)
    except (ValueError, RecursionError):
        return False
    return bool(line)


def _document(
    data: bytes, expand: Expand, number: int, offset: int, final: bool, max_record: int, whole: bool
) -> Chunk:
    text, reason = data.strip(WHITE), ""
    if not text:
        return Chunk(next_no=number, consumed=offset + len(data))
    if text[:1] in (b"{", b"["):
        try:
            items = expand(text)
        except (ValueError, RecursionError) as error:
            reason = _why(error)
        else:
            chunk = Growing(next_no=number)
            _take(chunk, items, max_record)
            chunk.consumed = offset + len(data)
            return chunk
    chunk = _values(data, expand, number, offset, max_record, final=final)
    broken = final and reason and ((len(chunk.bad) > 1 and not chunk.records) or (whole and _within(text, chunk)))
    if broken and not _starts_with_line(data, expand):  # one broken document, not many broken lines
        chunk = Growing(bad=[_bad(number, text, reason, max_record)], next_no=number + 1, consumed=chunk.consumed)
    return chunk


def _within(text: bytes, chunk: Chunk) -> bool:
    """Whether what was found in a text lies within its first value, which is broken and indented."""
    first = bool(chunk.bad) and chunk.bad[0].record_no < min(chunk.numbers, default=chunk.next_no)
    return first and text.partition(b"\n")[2][:1] in (b" ", b"\t")


def _values(data: bytes, expand: Expand, number: int, offset: int, max_record: int, *, final: bool) -> Growing:
    """Line-delimited values; where a line is no JSON, a value that spans lines, or shares one with the next.

    With `final` false a value that the data's end cuts off is left.
    """
    chunk = Growing(next_no=number, consumed=offset + len(data))
    at, length = 0, len(data)
    looked = 0  # up to here lines were looked at together
    budget = RESCAN_FREE + length
    while at < length:
        if at >= looked:
            behind = data.find(b"\n", at + TOGETHER) + 1 or data.rfind(b"\n", at) + 1
            items = expand.lines(data[at:behind]) if behind else None
            if items is not None and _take_all(chunk, items, max_record):
                at = behind
                continue
            looked = behind or length
        stop = data.find(b"\n", at)
        stop = length if stop < 0 else stop
        line = data[at:stop].strip(WHITE)
        open_end = stop == length
        if line and open_end and not final and line[:1] not in (b"{", b"["):
            chunk.consumed = offset + at
            return chunk
        if line:
            try:
                items = expand(line)
            except (ValueError, RecursionError) as error:
                start, state, scanned = at, "", 0
                if line[:1] in OPENS and budget > 0:
                    at, state, scanned = _spanning(data, at, expand, chunk, max_record)
                if not final and (state == "cut off" or (open_end and state != "taken")):
                    chunk.consumed = offset + at
                    return chunk
                budget -= scanned
                if state == "taken" or at > stop:
                    continue
                reason = _why(error) if at == start else _refusal(expand, line := data[at:stop].strip(WHITE))
                chunk.bad.append(_bad(chunk.next_no, line, reason, max_record))
                chunk.next_no += 1
            else:
                _take(chunk, items, max_record)
        at = stop + 1
    return chunk


def _spanning(data: bytes, at: int, expand: Expand, chunk: Growing, max_record: int) -> tuple[int, str, int]:
    """Take the values from `at` on that no line ends: pretty-printed ones, and several in one line.

    (offset behind them, "taken", 0), or the offset of what cannot be taken, "cut off" if it is by the data's end, and
    the bytes that were scanned for it in vain.
    """
    while True:
        at = _gap(data, at)
        if data[at : at + 1] not in (b"{", b"["):
            return at, "", 0
        behind, scanned = _value_end(data, at, max_record)
        if behind is None:
            return at, "", scanned
        if behind > len(data):
            return at, "cut off", scanned
        value = data[at:behind]
        try:
            _take(chunk, expand(value), max_record)
        except (ValueError, RecursionError) as error:  # Python's scanner lets NaN pass
            chunk.bad.append(_bad(chunk.next_no, value, _why(error), max_record))
            chunk.next_no += 1
        at = _gap(data, behind)
        if at >= len(data) or b"\n" in data[behind:at]:
            return at, "taken", 0


def _value_end(data: bytes, at: int, limit: int) -> tuple[int | None, int]:
    """(offset behind the JSON value that begins at `at`, bytes scanned). Beyond the data's length: it is cut off there.

    None: no value begins there, or it is longer than `limit` bytes.
    """
    try:
        RAW(memoryview(data)[at:])
        return len(data.rstrip(WHITE)), 0
    except RecursionError:
        return None, 0
    except msgspec.DecodeError as error:
        if found := TRAILING.search(str(error)):
            end = at + int(found[1]) - 1
            return (at + len(data[at:end].rstrip(WHITE)), 0) if end - at <= limit else (None, end - at)
        if str(error) == TRUNCATED and len(data) - at < limit:
            return len(data) + 1, len(data) - at
    size = WINDOW
    while True:
        text = data[at : at + size].decode("utf-8", "surrogateescape")
        try:
            _, stop = SCANNER.raw_decode(text)
            return at + len(text[:stop].encode("utf-8", "surrogateescape")), size
        except RecursionError:
            return None, size
        except json.JSONDecodeError as error:
            if error.pos < len(text) - LONGEST_TOKEN and not error.msg.startswith("Unterminated string"):
                return None, size
        if at + size >= len(data):
            return len(data) + 1, size
        if size >= limit:
            return None, size
        size = min(size * 8, limit)


def _gap(data: bytes, at: int) -> int:
    """The offset of what follows white space and commas."""
    found = GAP.match(data, at)
    return found.end() if found else at


def _take_all(chunk: Growing, items: Sequence[Raw], max_record: int) -> bool:
    """Take the items, unless one of them is too long."""
    if max(map(len, map(memoryview, items)), default=0) > max_record:  # type: ignore[arg-type]
        return False
    number, chunk.next_no = chunk.next_no, chunk.next_no + len(items)
    chunk.records.extend(items)
    chunk.numbers.extend(range(number, chunk.next_no))
    return True


def _take(chunk: Growing, items: Sequence[Raw], max_record: int) -> None:
    if _take_all(chunk, items, max_record):
        return
    for number, item in enumerate(items, chunk.next_no):
        size = len(memoryview(item))
        if size <= max_record:
            chunk.records.append(item)
            chunk.numbers.append(number)
        else:
            chunk.bad.append(_bad(number, bytes(item), "", max_record))
    chunk.next_no += len(items)


def _bad(number: int, data: bytes, reason: str, max_record: int) -> Bad:
    if len(data) > max_record:
        reason = f"record of {len(data)} bytes is over the limit of {max_record}"
    return Bad(number, data, reason, len(data))


def _refusal(expand: Expand, data: bytes) -> str:
    try:
        expand(data)
    except (ValueError, RecursionError) as error:
        return _why(error)
    return "not JSON where it stands"


def _why(error: Any) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else f"not JSON: {error}"
