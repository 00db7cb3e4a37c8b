"""Small chunks made one: what is called for each chunk costs as much for ten records as for ten thousand."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from transforms.decoders.lines import LineColumns
from transforms.errors import CatchmentError
from transforms.lake.records import Bad, Chunk, Raw, Runs

AROUND = 64 << 10
"""What a chunk or a piece weighs beside its bytes: records keep alive the text that they stand in, blank lines and all.
"""


def together(chunks: Iterable[Chunk], size: int) -> Iterator[Chunk]:
    """The same records and pieces, in chunks that grow until they hold about `size` bytes. What came before an error
    comes before it still."""
    held: list[Chunk] = []
    alike: Hashable = None
    weight = 0
    try:
        for chunk in chunks:
            kind = _kind(chunk) if chunk.records else alike
            if held and (weight >= size or (kind != alike and any(one.records for one in held))):
                yield _joined(held)
                held, weight = [], 0
            alike = kind
            held.append(chunk)
            weight += _weight(chunk)
    except CatchmentError:
        if held:
            yield _joined(held)
        raise
    if held:
        yield _joined(held)


def _kind(chunk: Chunk) -> Hashable:
    """Chunks of one kind can be read together: JSON, and lines below one header."""
    columns = chunk.columns
    if isinstance(columns, LineColumns):
        return columns.lines, columns.header
    return None if columns is None else object()


def _weight(chunk: Chunk) -> int:
    return AROUND + _bytes(chunk.records) + sum(AROUND + len(piece.data or b"") for piece in chunk.bad)


def _bytes(records: Sequence[Raw]) -> int:
    text = getattr(records, "data", None)
    return sum(map(len, map(memoryview, records))) if text is None else len(text)  # type: ignore[arg-type]


def _joined(chunks: Sequence[Chunk]) -> Chunk:
    full = [chunk for chunk in chunks if chunk.records]
    if len(chunks) == 1:
        return chunks[0]
    last = chunks[-1]
    bad = [_with(piece, chunk) for chunk in chunks for piece in chunk.bad]
    total = Chunk(bad=bad, next_no=last.next_no, consumed=last.consumed, control=sum(one.control for one in chunks))
    if full:
        total.numbers = [number for chunk in full for number in chunk.numbers]
        lines = [chunk.columns for chunk in full if isinstance(chunk.columns, LineColumns)]
        if lines:
            total.columns = LineColumns.joined(lines)
            total.records = total.columns.records
        else:
            total.records = [record for chunk in full for record in chunk.records]
            total.columns = full[0].columns  # of one alone, if it has any
        # of a piece that is none, too, nothing is said but by its own chunk
        told = [chunk for chunk in chunks if chunk.records or chunk.bad]
        total.attributes = Runs.joined([(chunk.attributes, len(chunk.records)) for chunk in told])
    return total


def _with(piece: Bad, chunk: Chunk) -> Bad:
    """A piece with what the object says of all of its chunk."""
    said = chunk.attributes
    return replace(piece, attributes={**said, **(piece.attributes or {})}) if isinstance(said, Mapping) else piece
