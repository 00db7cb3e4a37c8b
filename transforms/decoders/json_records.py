"""Bytes of JSON to the exact text of each record. Pure: no I/O beyond the stream that is given, no meaning.

Takes every shape that vendors deliver: an envelope (`{"Records":[...]}`), an array, one object, line-delimited
JSON whose lines are any of these, and pretty-printed or concatenated values. A record is the slice of the input
between its first and last byte, never text that was encoded again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from transforms.decoders.compression import Readable
from transforms.errors import DataError
from transforms.lake.records import Bad, Chunk, Raw

Expand = Callable[[Raw], list[Raw]]
WHITE = b" \t\r\n"
SCANNER = json.JSONDecoder()
MAX_RESYNCS = 200


def envelope(*keys: str) -> Expand:
    """A function that takes a JSON value apart: an array or `{key: [...]}` into items, anything else into itself.

    Raises msgspec.DecodeError or RecursionError where the value is not JSON.
    """
    fields = [
        (f"f{i}", list[msgspec.Raw] | msgspec.UnsetType, msgspec.field(default=msgspec.UNSET, name=key))
        for i, key in enumerate(keys)
    ]
    outer = msgspec.json.Decoder(msgspec.defstruct("Envelope", fields))
    array = msgspec.json.Decoder(list[msgspec.Raw])
    anything = msgspec.json.Decoder(msgspec.Raw)

    def expand(value: Raw) -> list[Raw]:
        first = bytes(value[:1]) if isinstance(value, bytes) else bytes(memoryview(value)[:1])
        if first == b"[":
            return list(array.decode(value))
        if first == b"{" and keys:
            try:
                found = outer.decode(value)
            except msgspec.ValidationError:
                return [value]
            for name in found.__struct_fields__:
                items = getattr(found, name)
                if items is not msgspec.UNSET:
                    return list(items)
            return [value]
        anything.decode(value)
        return [value]

    return expand


def read_records(
    stream: Readable,
    expand: Expand,
    *,
    final: bool = True,
    first_no: int = 0,
    chunk_bytes: int = 16 << 20,
    max_record: int = 16 << 20,
    max_document: int = 512 << 20,
) -> Iterator[Chunk]:
    """Chunks of about `chunk_bytes` of plain text each. With `final` false a last incomplete record is left.

    Raises DataError for what condemns the whole object: a document over `max_document` bytes.
    """
    number, offset = first_no, 0
    held = b""
    lines = False
    while True:
        block = _read_full(stream, chunk_bytes)
        end = len(block) < chunk_bytes
        held = held + block if held else block
        if not offset and held[:3] == b"\xef\xbb\xbf":
            held, offset = held[3:], 3
        if end:
            yield _document(held, expand, number, offset, final, max_record)
            return
        cut = held.rfind(b"\n") + 1
        lines = lines or (cut > 0 and _starts_with_line(held, expand))
        if lines and cut:
            chunk = _lines(held[:cut], expand, number, offset, max_record, whole=False)
            number, offset, held = chunk.next_no, offset + cut, held[cut:]
            yield chunk
        elif len(held) > max_document:
            raise DataError(f"document over {max_document} bytes without a record boundary")


def _read_full(stream: Readable, size: int) -> bytes:
    parts, left = [], size
    while left:
        block = stream.read(left)
        if not block:
            break
        parts.append(block)
        left -= len(block)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _starts_with_line(data: bytes, expand: Expand) -> bool:
    """Whether the first line alone is JSON: then lines are the framing."""
    first = data.lstrip(WHITE)
    line = first[: first.find(b"\n")] if b"\n" in first else b""
    try:
        return bool(line) and bool(expand(line))
    except (msgspec.DecodeError, RecursionError):
        return False


def _document(data: bytes, expand: Expand, number: int, offset: int, final: bool, max_record: int) -> Chunk:
    text, reason = data.strip(WHITE), ""
    if not text:
        return Chunk(next_no=number, consumed=offset + len(data))
    if text[:1] in (b"{", b"["):
        try:
            items = expand(text)
        except (msgspec.DecodeError, RecursionError) as error:
            reason = _why(error)
        else:
            chunk = Chunk(next_no=number)
            _take(chunk, items, max_record)
            chunk.consumed = offset + len(data)
            return chunk
    if final:
        chunk = _lines(data, expand, number, offset, max_record, whole=True)
        if reason and len(chunk.bad) > 1 and not chunk.records:  # one broken document, not many broken lines
            chunk.bad, chunk.next_no = [_bad(number, text, reason, max_record)], number + 1
        return chunk
    cut = data.rfind(b"\n") + 1
    chunk = _lines(data[:cut], expand, number, offset, max_record, whole=False)
    tail = data[cut:].strip(WHITE)
    if tail:
        try:
            items = expand(tail)
        except (msgspec.DecodeError, RecursionError):
            return chunk  # not whole yet
        _take(chunk, items, max_record)
        chunk.consumed = offset + len(data)
    return chunk


def _lines(data: bytes, expand: Expand, number: int, offset: int, max_record: int, *, whole: bool) -> Chunk:
    """Line-delimited values; where a line is no JSON, a value that spans lines is looked for."""
    chunk = Chunk(next_no=number, consumed=offset + len(data))
    resyncs, at, length = 0, 0, len(data)
    while at < length:
        stop = data.find(b"\n", at)
        stop = length if stop < 0 else stop
        line = data[at:stop].strip(WHITE)
        if line:
            try:
                items = expand(line)
            except (msgspec.DecodeError, RecursionError) as error:
                skip = None
                if whole and resyncs < MAX_RESYNCS and line[:1] in (b"{", b"["):
                    resyncs += 1
                    skip = _spanning(data, at, expand, chunk, max_record)
                if skip is not None:
                    at = skip
                    continue
                chunk.bad.append(_bad(chunk.next_no, line, _why(error), max_record))
                chunk.next_no += 1
            else:
                _take(chunk, items, max_record)
        at = stop + 1
    return chunk


def _spanning(data: bytes, at: int, expand: Expand, chunk: Chunk, max_record: int) -> int | None:
    """Take one pretty-printed or concatenated value that begins at `at`; the offset behind it, or None."""
    while data[at : at + 1] in (b" ", b"\t", b"\r", b"\n"):
        at += 1
    window = data[at : at + max_record]
    try:
        text = window.decode("utf-8", "surrogateescape")
        _, stop = SCANNER.raw_decode(text)
        value = text[:stop].encode("utf-8", "surrogateescape")
        items = expand(value)
    except (ValueError, RecursionError, msgspec.DecodeError):
        return None
    _take(chunk, items, max_record)
    at += len(value)
    gap = re.compile(rb"[ \t\r\n,]*").match(data, at)
    return gap.end() if gap else at


def _take(chunk: Chunk, items: Sequence[Raw], max_record: int) -> None:
    number = chunk.next_no
    if all(len(memoryview(item)) <= max_record for item in items):
        chunk.records.extend(items)
        chunk.numbers.extend(range(number, number + len(items)))
    else:
        for index, item in enumerate(items):
            size = len(memoryview(item))
            if size <= max_record:
                chunk.records.append(item)
                chunk.numbers.append(number + index)
            else:
                chunk.bad.append(
                    Bad(
                        number + index,
                        bytes(item),
                        f"record of {size} bytes is over the limit of {max_record}",
                        size,
                    )
                )
    chunk.next_no = number + len(items)


def _bad(number: int, data: bytes, reason: str, max_record: int) -> Bad:
    if len(data) > max_record:
        reason = f"record of {len(data)} bytes is over the limit of {max_record}"
    return Bad(number, data, reason, len(data))


def _why(error: Any) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else f"not JSON: {error}"
