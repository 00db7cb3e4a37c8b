"""Objects that are one record each, byte for byte: what is signed as a file must be kept as a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from transforms.decoders.compression import Readable
from transforms.decoders.framing import Bounds, read_full
from transforms.errors import DataError
from transforms.lake.records import Chunk


@dataclass(frozen=True, slots=True)
class Document:
    """The whole unpacked object is the record; white space around it belongs to it."""

    appendable: bool = False

    def __call__(self, stream: Readable, bounds: Bounds) -> Iterator[Chunk]:
        """One chunk of one record. Raises DataError for an object that is longer than a record may be."""
        data = read_full(stream, bounds.max_record + 1)
        if len(data) > bounds.max_record:
            raise DataError(f"document over {bounds.max_record} bytes")
        number = bounds.first_no
        yield Chunk(numbers=[number], records=[data], next_no=number + 1, consumed=len(data))
