"""Records that lie in one text: a begin and an end of each, and no object for any of them until somebody asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa

NEWLINE, RETURN = b"\n\r"
Places: TypeAlias = npt.NDArray[np.int32]


class Texts(Sequence[bytes]):
    """The texts `data[begins[i]:ends[i]]`, in rising order; none of them reaches into the next."""

    __slots__ = ("begins", "data", "ends")

    def __init__(self, data: bytes, begins: Places, ends: Places) -> None:
        self.data, self.begins, self.ends = data, begins, ends

    @classmethod
    def of(cls, records: Sequence[bytes]) -> Texts:
        """The records, copied into one text with a line end behind each but the last."""
        if isinstance(records, Texts):
            return records
        return cls._spread(b"\n".join(records), np.fromiter(map(len, records), np.int32, len(records)))

    @classmethod
    def joined(cls, parts: Sequence[Texts]) -> Texts:
        """The texts of all parts, copied into one."""
        full = [part for part in parts if len(part)]
        lengths = [part.lengths for part in full] or [np.empty(0, np.int32)]
        return cls._spread(b"\n".join([part.block() for part in full]), np.concatenate(lengths))

    @classmethod
    def blocks(cls, blocks: Sequence[bytes], counts: npt.NDArray[np.int64]) -> Texts:
        """The texts of blocks that hold `counts` of them, a line each; one of a block of its own may hold line ends."""
        data = b"\n".join(blocks)
        marks = np.flatnonzero(np.frombuffer(data, np.uint8) == NEWLINE).astype(np.int32)
        if len(marks) != counts.sum() - 1:
            ends = np.cumsum(np.fromiter(map(len, blocks), np.int64, len(blocks)) + 1) - 1
            within = np.searchsorted(ends, marks)
            marks = marks[(marks == ends[within]) | (counts[within] > 1)]
        begins = np.append(np.int32(0), marks + np.int32(1))
        return cls(data, begins, np.append(marks, np.int32(len(data))))

    @classmethod
    def _spread(cls, data: bytes, lengths: Places) -> Texts:
        """Texts of these lengths with one byte between them."""
        ends = np.cumsum(lengths + 1, dtype=np.int32) - np.int32(1)
        return cls(data, ends - lengths, ends)

    @classmethod
    def lines(cls, data: bytes) -> Texts:
        """The lines of a text, without what ends them (LF or CRLF) and without empty ones."""
        byte = np.frombuffer(data, np.uint8)
        ends = np.flatnonzero(byte == NEWLINE).astype(np.int32)
        if len(data) and byte[-1] != NEWLINE:
            ends = np.append(ends, np.int32(len(data)))
        begins = np.empty_like(ends)
        begins[:1], begins[1:] = 0, ends[:-1] + 1
        if b"\r" in data:
            ends = ends - ((ends > begins) & (byte[ends - 1] == RETURN))
        held = ends > begins
        return cls(data, begins, ends) if held.all() else cls(data, begins[held], ends[held])

    def __len__(self) -> int:
        return len(self.begins)

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> Texts: ...
    def __getitem__(self, index: int | slice) -> bytes | Texts:
        if isinstance(index, slice):
            return Texts(self.data, self.begins[index], self.ends[index])
        return self.data[self.begins[index] : self.ends[index]]

    def __iter__(self) -> Iterator[bytes]:
        data = self.data
        for begin, end in zip(self.begins.tolist(), self.ends.tolist(), strict=True):
            yield data[begin:end]

    @property
    def lengths(self) -> Places:
        """Bytes of each."""
        return self.ends - self.begins

    def all_begin(self, opening: bytes) -> bool:
        """Whether every text begins with these bytes."""
        byte, short = np.frombuffer(self.data, np.uint8), self.lengths < len(opening)
        return not short.any() and all((byte[self.begins + i] == one).all() for i, one in enumerate(opening))

    def where(self, mask: npt.NDArray[np.bool_]) -> Texts:
        """Those that are marked."""
        return Texts(self.data, self.begins[mask], self.ends[mask])

    def block(self) -> bytes:
        """The texts with a line end between one and the next, and nothing else."""
        if not len(self):
            return b""
        byte, between = np.frombuffer(self.data, np.uint8), self.ends[:-1]
        if (self.begins[1:] == between + 1).all() and (byte[between] == NEWLINE).all():
            return self.data[self.begins[0] : self.ends[-1]]
        return b"\n".join(self)

    def array(self) -> pa.BinaryArray:
        """The texts as an array of bytes."""
        return cut(self.data, self.begins, self.ends)


def cut(data: bytes, begin: Any, end: Any) -> pa.BinaryArray:
    """The texts between two rising rows of places."""
    count = len(begin)
    offsets = np.empty(2 * count + 1, np.int32)
    offsets[0:-1:2], offsets[1::2] = begin, end
    offsets[-1] = offsets[-2] if count else 0
    ones = pa.Array.from_buffers(pa.binary(), 2 * count, [None, pa.py_buffer(offsets), pa.py_buffer(data)])
    return ones.take(pa.array(np.arange(0, 2 * count, 2)))
