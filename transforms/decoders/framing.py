"""How an object's bytes become records: what every framing takes and gives, and the choice by an object's first bytes.

A source declares one framing. Each is a frozen declaration that is called with a stream and its bounds; it is pure,
holds no more than its bounds allow, and hands on what it cannot read as Bad, so that no byte is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from transforms.decoders.compression import Readable
from transforms.lake.records import Chunk

FIELDS = "fields"
"""The attribute that holds a record's header: as it stood above a line, or the list of a row's names in their order."""
HEADER_BYTES = 64 << 10
"""A longer header is none: it would stand beside every record."""
REPEATED_BYTES = 64 << 20
"""What the headers beside the records of one chunk may take together."""
BOM = b"\xef\xbb\xbf"
PEEK = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How one object is read. Sizes in bytes of the unpacked stream.

    final: no more will be appended; else a last incomplete record is left. first_no: the number of the first record.
    attributes: what is known of the object beside its bytes, JSON text; of one record's bytes, its header too.
    uri, modified: the object's name and its store's time of it, for reports whose tool says neither what nor when.
    environment: the settings' variables, for a framing that is configured.
    """

    final: bool = True
    first_no: int = 0
    chunk_bytes: int = 16 << 20
    max_record: int = 16 << 20
    max_document: int = 512 << 20
    max_ratio: int = 200
    attributes: str | None = None
    uri: str | None = None
    modified: datetime | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


class Framing(Protocol):
    """Chunks of records from a plain stream. Raises DataError for what condemns the whole object."""

    @property
    def appendable(self) -> bool:
        """Whether an object can be read from the middle on: what a record means does not depend on what came before."""
        ...

    def __call__(self, stream: Readable, bounds: Bounds) -> Iterator[Chunk]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ByContent:
    """The framing that an object's first bytes ask for: one source may deliver several formats side by side."""

    text: Framing
    json: Framing | None = None
    parquet: Framing | None = None
    appendable: bool = False

    def __call__(self, stream: Readable, bounds: Bounds) -> Iterator[Chunk]:
        held = Held(stream)
        head = held.peek(PEEK)
        if self.parquet is not None and head.startswith(b"PAR1"):
            return self.parquet(held, bounds)
        if self.json is not None and head.removeprefix(BOM).lstrip()[:1] in (b"{", b"["):
            return self.json(held, bounds)
        return self.text(held, bounds)


class Held:
    """A stream whose first bytes can be looked at before they are read."""

    def __init__(self, stream: Readable) -> None:
        self.stream, self.head = stream, b""

    def peek(self, size: int) -> bytes:
        while len(self.head) < size and (more := self.stream.read(size - len(self.head))):
            self.head += more
        return self.head

    def read(self, size: int = -1, /) -> bytes:
        if not self.head:
            return self.stream.read(size)
        size = len(self.head) if size < 0 else size
        block, self.head = self.head[:size], self.head[size:]
        return block


def read_full(stream: Readable, size: int) -> bytes:
    """`size` bytes, or fewer at the stream's end."""
    parts, left = [], size
    while left:
        block = stream.read(left)
        if not block:
            break
        parts.append(block)
        left -= len(block)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def text_of(value: Any) -> str | None:
    """A value of a JSON or Parquet row as the text that a log line would hold; None stays."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1 << 53:
        return str(int(value))
    return str(value)
