"""What a decoder hands to the lake: records as slices of the delivered bytes, and pieces that are none."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain, repeat
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, overload, runtime_checkable

import msgspec

if TYPE_CHECKING:  # the declarations of sources import this module, and Airflow reads all of them again and again
    import pyarrow as pa

Raw = msgspec.Raw | bytes
Columns: TypeAlias = "Callable[[Sequence[str]], tuple[Mapping[str, pa.Array], Mapping[int, str]]]"
"""Some columns of a chunk's records by name, as text, and by index the reasons why a record has none.

A name that the records do not have is left out; what a record leaves empty is null or the format's own mark for it.
"""


@runtime_checkable
class SideBySide(Protocol):
    """Columns that can be had in fewer pieces than there are names."""

    def side_by_side(self, names: Sequence[str], needed: Sequence[str]) -> Sequence[pa.Array | None] | None:
        """Arrays that, joined by line ends, are the columns joined by line ends; for one that the records do not have
        None stands in its place. None for all where one that is needed is not there, or fields are not plain to see."""
        ...


Said: TypeAlias = Mapping[str, Any] | None
"""What an object says of a record, beside the record's own text."""


class Runs(Sequence[Said]):
    """What is said of each record, where `counts[i]` of them in a row share `values[i]`."""

    __slots__ = ("counts", "ends", "values")

    def __init__(self, values: Sequence[Said], counts: Sequence[int]) -> None:
        self.values, self.counts, self.ends = values, counts, list(accumulate(counts))

    @classmethod
    def joined(cls, parts: Sequence[tuple[Said | Sequence[Said], int]]) -> Said | Runs:
        """What is said of the records of several chunks, each with the number of its records."""
        first = parts[0][0]
        if all(said == first for said, _ in parts) and (first is None or isinstance(first, Mapping)):
            return first
        values: list[Said] = []
        counts: list[int] = []
        for said, count in parts:
            if isinstance(said, Runs):
                values += said.values
                counts += said.counts
            elif said is None or isinstance(said, Mapping):
                values.append(said)
                counts.append(count)
            else:
                values += said
                counts += repeat(1, count)
        return cls(values, counts)

    def __len__(self) -> int:
        return self.ends[-1] if self.ends else 0

    @overload
    def __getitem__(self, index: int) -> Said: ...
    @overload
    def __getitem__(self, index: slice) -> list[Said]: ...
    def __getitem__(self, index: int | slice) -> Said | list[Said]:
        if isinstance(index, slice):
            return list(self)[index]
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self.values[bisect_right(self.ends, index)]

    def __iter__(self) -> Iterator[Said]:
        return chain.from_iterable(map(repeat, self.values, self.counts))


@dataclass(slots=True)
class Bad:
    """A piece that is no record: its place in the object, its bytes (None where they are too many) and why."""

    record_no: int
    data: bytes | None
    reason: str
    length: int = 0
    attributes: Mapping[str, Any] | None = None
    """What the object says of this piece, where it does not say the same of the whole chunk."""


@dataclass(slots=True)
class Chunk:
    """Consecutive records of one object: numbers first_no, first_no + 1, ... with gaps where `bad` says so."""

    numbers: Sequence[int] = field(default_factory=list)
    records: Sequence[Raw] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    next_no: int = 0
    consumed: int = 0  # bytes of the plain stream up to the end of the last whole record
    columns: Columns | None = None  # where the records are rows of named columns
    control: int = 0  # messages that the transport sends for itself: they hold no record
    attributes: Said | Sequence[Said] = None
    """What the object says of all these records, or of each of them, and they do not."""

    def tell(self, more: Mapping[str, Any]) -> None:
        """Add to what the object says of all records."""
        if isinstance(self.attributes, Runs):
            self.attributes = Runs([{**(one or {}), **more} for one in self.attributes.values], self.attributes.counts)
        elif isinstance(self.attributes, Sequence):
            self.attributes = [{**(one or {}), **more} for one in self.attributes]
        else:
            self.attributes = {**(self.attributes or {}), **more}

    def tell_each(self, more: Sequence[Mapping[str, Any]]) -> None:
        """Add to what the object says of each record."""
        self.attributes = [{**(one or {}), **said} or None for one, said in zip(self.said, more, strict=True)]

    @property
    def said(self) -> Sequence[Said]:
        """What the object says of each record."""
        given = self.attributes
        return given if isinstance(given, Sequence) else Runs([given], [len(self.records)])


@dataclass(slots=True)
class Growing(Chunk):
    """A chunk whose records are taken one after another."""

    numbers: list[int] = field(default_factory=list)
    records: list[Raw] = field(default_factory=list)
