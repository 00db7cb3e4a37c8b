"""What a decoder hands to the lake: records as slices of the delivered bytes, and pieces that are none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

if TYPE_CHECKING:  # the declarations of sources import this module, and Airflow reads all of them again and again
    import pyarrow as pa

Raw = msgspec.Raw | bytes
Columns: TypeAlias = "Callable[[Sequence[str]], tuple[Mapping[str, pa.Array], Mapping[int, str]]]"
"""Some columns of a chunk's records by name, as text, and by index the reasons why a record has none.

A name that the records do not have is left out; what a record leaves empty is null or the format's own mark for it.
"""


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

    numbers: list[int] = field(default_factory=list)
    records: list[Raw] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    next_no: int = 0
    consumed: int = 0  # bytes of the plain stream up to the end of the last whole record
    columns: Columns | None = None  # where the records are rows of named columns
    control: int = 0  # messages that the transport sends for itself: they hold no record
    attributes: Mapping[str, Any] | Sequence[Mapping[str, Any] | None] | None = None
    """What the object says of all these records, or of each of them, and they do not."""

    def tell(self, more: Mapping[str, Any]) -> None:
        """Add to what the object says of all records."""
        if isinstance(self.attributes, Sequence):
            self.attributes = [{**(one or {}), **more} for one in self.attributes]
        else:
            self.attributes = {**(self.attributes or {}), **more}

    def tell_each(self, more: Sequence[Mapping[str, Any]]) -> None:
        """Add to what the object says of each record."""
        given = self.attributes
        known = given if isinstance(given, Sequence) else [given] * len(self.records)
        self.attributes = [{**(one or {}), **said} or None for one, said in zip(known, more, strict=True)]
