"""The declaration of a source: everything that landing must know about one vendor's log, and nothing of its meaning."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from transforms.decoders.compression import Readable
from transforms.decoders.framing import Bounds, Framing
from transforms.decoders.json_records import Expand, JsonRecords, envelope
from transforms.decoders.redaction import Redaction
from transforms.errors import ConfigError
from transforms.lake.records import Chunk
from transforms.readers.base import ObjectStore, RemoteObject
from transforms.settings import Settings

if TYPE_CHECKING:  # Airflow reads the declarations of all sources again and again
    import pyarrow as pa

Value = str | int | float | None
"""What a field of a head may hold; a record with anything else there is quarantined as of a wrong type."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What a verification may look at beside the record: its object, the store of that, and the settings."""

    item: RemoteObject
    store: ObjectStore
    settings: Settings


Vouch = Callable[[bytes, Beside], Mapping[str, Any]]
"""(a record, what lies beside it) -> attributes that say whether a signature holds, and what it vouches for.

Raises ConfigError, RetryableError or ObjectGone where that cannot be said now."""


class Head(msgspec.Struct, gc=False):
    """The few fields of a record that identity and clock need. A source subclasses it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Identity and clock of a source whose records are rows of columns (a text with a header, CSV, Parquet).

    identity: the columns that make a record the same record wherever it is delivered. needed: those of them without
    which they tell no two records apart: where a header lacks one, the record's place (object, number) is its identity.
    clock_columns: what clock reads. clock: the vendor's event times of these columns, all records at once: RFC 3339
    texts, or epoch milliseconds.
    """

    identity: tuple[str, ...]
    needed: tuple[str, ...]
    clock_columns: tuple[str, ...]
    clock: Callable[[Mapping[str, pa.Array]], Sequence[Value] | pa.Array]


ONE_EACH = envelope()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTemplate:
    """How a bucket's keys carry the date: consecutive path segments, outermost first.

    `segments` are regular expressions with the groups year, month, day (and hour) among them, for example
    (r"(?P<year>\\d{4})", r"(?P<month>\\d\\d)", r"(?P<day>\\d\\d)"). Empty: keys carry no date.
    """

    segments: tuple[str, ...] = ()
    overlap: timedelta = timedelta(days=2)
    """Days before the newest one seen are listed again: how late an object may arrive."""

    def day_of(self, parts: list[str]) -> tuple[int, date | None, bool]:
        """(index of the first date segment or -1, latest day that the path can hold, whether the path names that day).

        `parts` are a path's segments below the root. A path that stops within the date gives the last day that may
        follow (2024 -> 2024-12-31).
        """
        width = len(self.segments)
        for start in range(len(parts)):
            found: dict[str, str] = {}
            below = parts[start : start + width]
            for pattern, part in zip(self.segments, below, strict=False):
                match = re.fullmatch(pattern, part)
                if match is None:
                    break
                found |= match.groupdict()
            else:
                if "year" in found:
                    return start, _latest(found), "day" in found
        return -1, None, False


def _latest(found: dict[str, str]) -> date | None:
    year, month, day = int(found["year"]), int(found.get("month", 12)), found.get("day")
    try:
        if day is not None:
            return date(year, month, int(day))
        return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    except (ValueError, OverflowError):  # the year 0 and the like
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One kind of log. `name` is the bronze table.

    How its bytes become records is its framing; without one they are JSON, which `expand` takes apart. What a record is
    known by say head, identity and clock for JSON, and `table` where records are rows of columns.

    head: the fields of a record that the others look at. identity: the columns that make a record the same record
    wherever it is delivered; None where the vendor gives none, then the record's own text is its identity. clock: the
    vendor's event time as text, or epoch milliseconds. reject: a reason why a record that decodes does not belong here,
    or None. unwrap: the record's own text and the transport's fields, where the vendor wraps a record in another.
    """

    name: str
    title: str
    vendor: str
    domain: str
    documentation: str
    event_id: str = ""
    """What identity says, in words for the reference; a table's columns speak for themselves."""
    lateness: str = ""
    """How late the vendor delivers, in its own words or as its documentation measures it."""
    expand: Expand = ONE_EACH
    head: type[Head] = Head
    identity: Callable[[Any], tuple[Value, ...] | None] = lambda head: None
    clock: Callable[[Any], Value] = lambda head: None
    framing: Framing | None = None
    table: Table | None = None
    keys: KeyTemplate = field(default_factory=KeyTemplate)
    reject: Callable[[Any], str | None] = lambda head: None
    unwrap: Callable[[Any], tuple[bytes, dict[str, Any]] | None] = lambda head: None
    skip_keys: str | None = None
    """Regular expression on keys below the root: objects of other sources in the same bucket."""
    grows: bool = False
    """Objects are appended to after they were first read; line-delimited."""
    dated_by_object: bool = False
    """The tool may write no time at all: then it is that of the object, and the identity holds its day."""
    settle: timedelta = timedelta(hours=24)
    """A growing object untouched for so long is final: an incomplete last record is quarantined."""
    cadence: timedelta = timedelta(minutes=1)
    """How often Airflow looks for new objects: oftener than the vendor delivers them is in vain."""
    also_calls: tuple[str, ...] = ()
    """IAM actions beyond reading the objects."""
    redact: Redaction | None = None
    """What of its JSON records is a secret and must never reach the lake."""
    vouch: Vouch | None = None
    """Verifies what is signed outside its own bytes, while it is read: a table holds no such check."""
    api: Any = None
    """Declaration of the HTTP API that the source is pulled from, if it has one: readers.http.ApiPull, or a tuple of
    them, one a stream."""

    def __post_init__(self) -> None:
        if (self.table is None) == (self.head is Head):
            raise ConfigError(f"{self.name}: declare either head, identity and clock, or table")
        if self.table is not None and self.redact is not None:
            raise ConfigError(f"{self.name}: secrets are taken out of JSON records only")
        if self.grows and self.framing is not None and not self.framing.appendable:
            raise ConfigError(f"{self.name}: its objects grow, but its framing must read them from the beginning")

    @property
    def cuts(self) -> bool:
        """Whether its framing cuts out what must not be kept: nobody can say where unreadable bytes hold that."""
        return bool(getattr(self.framing, "cut", ()))

    @property
    def streams(self) -> tuple[Any, ...]:
        """The API's streams (readers.http.ApiPull)."""
        return self.api if isinstance(self.api, tuple) else () if self.api is None else (self.api,)

    def read(self, stream: Readable, bounds: Bounds) -> Iterator[Chunk]:
        """The records of a plain stream, in chunks. Raises DataError for what condemns the whole object."""
        framing = self.framing or JsonRecords(self.expand)
        return framing(stream, bounds)
