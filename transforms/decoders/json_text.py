"""A text of lines that a member of a JSON document holds, and what the document says of them all."""

from __future__ import annotations

import binascii
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from transforms.decoders.compression import Readable
from transforms.decoders.framing import Bounds
from transforms.decoders.json_records import Expand, JsonRecords
from transforms.decoders.lines import Lines
from transforms.lake.records import Bad, Chunk, Columns, Raw

if TYPE_CHECKING:  # declarations import this module, and Airflow reads all of them again and again
    import pyarrow as pa

DECODE = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
TEXT = msgspec.json.Decoder(str).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldLines:
    """Lines, with columns that the object says of all of them: those of `told` that the attributes hold.

    A record that was put aside keeps them so; an object of lines alone says none.
    """

    lines: Lines
    told: tuple[str, ...]
    appendable: bool = False

    def __call__(self, stream: Readable, bounds: Bounds) -> Iterator[Chunk]:
        held = json.loads(bounds.attributes) if bounds.attributes else {}
        told = {name: held[name] for name in self.told if isinstance(held.get(name), str)}
        for chunk in self.lines(stream, bounds):
            yield _with(chunk, told)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextInJson:
    """The lines in the member `text` of each document, which is base64 or plain; a record's text is its line.

    told: from a member beside it to the column and attribute that it becomes. Lines are numbered over all documents of
    the object; a document that has no text is one bad piece.
    """

    text: str
    told: Mapping[str, str]
    lines: Lines
    expand: Expand
    appendable: bool = False

    def __call__(self, stream: Readable, bounds: Bounds) -> Iterator[Chunk]:
        number = bounds.first_no
        for documents in JsonRecords(self.expand)(stream, bounds):
            pieces: list[tuple[int, Raw | Bad]] = [(bad.record_no, bad) for bad in documents.bad]
            pieces += zip(documents.numbers, documents.records, strict=True)
            for _, piece in sorted(pieces, key=lambda one: one[0]):
                for chunk in self._lines(piece, replace(bounds, first_no=number)):
                    number = chunk.next_no
                    chunk.consumed = documents.consumed
                    yield chunk
        yield Chunk(next_no=number, consumed=documents.consumed)

    def _lines(self, piece: Raw | Bad, bounds: Bounds) -> Iterator[Chunk]:
        if isinstance(piece, Bad):
            yield Chunk(bad=[replace(piece, record_no=bounds.first_no)], next_no=bounds.first_no + 1)
            return
        try:
            document = DECODE(piece)
            data = _plain(TEXT(document[self.text]))
            told = {name: TEXT(document[member]) for member, name in self.told.items() if member in document}
        except (msgspec.MsgspecError, RecursionError, KeyError, ValueError) as error:
            why = f"no member {error}" if isinstance(error, KeyError) else str(error)
            bad = Bad(bounds.first_no, bytes(piece), f"wrong type: {why}", len(memoryview(piece)))
            yield Chunk(bad=[bad], next_no=bounds.first_no + 1)
            return
        for chunk in self.lines(io.BytesIO(data), bounds):
            yield _with(chunk, told)


def _plain(text: str) -> bytes:
    """The text, or what it is the base64 of."""
    try:
        return binascii.a2b_base64("".join(text.split()), strict_mode=True)
    except ValueError:
        return text.encode("utf-8", "surrogatepass")


def _with(chunk: Chunk, told: Mapping[str, str]) -> Chunk:
    if told and chunk.columns is not None:
        chunk.columns = partial(_columns, chunk.columns, told, len(chunk.records))
        chunk.tell(told)
    return chunk


def _columns(
    inner: Columns, told: Mapping[str, str], count: int, names: Sequence[str]
) -> tuple[Mapping[str, pa.Array], Mapping[int, str]]:
    import pyarrow as pa

    found, reasons = inner(names)
    given = {name: pa.repeat(pa.scalar(told[name].encode(), pa.binary()), count) for name in names if name in told}
    return {**found, **given}, reasons
