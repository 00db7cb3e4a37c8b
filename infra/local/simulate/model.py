# ruff: noqa: S311  (seeded randomness is the point)
"""The types that the simulation's parts share: records, deliveries, feeds and chains."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple, Protocol, runtime_checkable

from infra.local.simulate.organisation import Organisation, Person

TICK_S = 300
"""Length of one simulation step in seconds; only one step's records are held in memory."""

HOUR_S = 3600
DAY_S = 86400
EPOCH_WEEKDAY = 3
"""1970-01-01 was a Thursday; Monday is 0."""
SATURDAY = 5
LEARNING_DAYS = 14
"""What only stands out against a learned baseline counts as planted after this many ordinary days."""


class Record(NamedTuple):
    """One event of a source, rendered in its native form."""

    at_ms: int
    """Event time, epoch milliseconds UTC."""
    stream: str
    """Where the source delivers it: account and region, subscription, or nothing."""
    uid: str
    """The vendor's identity of the event; parts joined by `|` where the source has no id of its own."""
    body: str
    """JSON text of the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One object, or one growth of an append blob, at the moment it becomes visible."""

    source: str
    key: str
    """Path below the root, with `/`."""
    data: bytes
    delivered_at: datetime
    offset: int | None
    """Byte offset that `data` is appended at; None for a whole object."""
    records: int


class Feed(Protocol):
    """Ordinary behaviour and delivery of one source, advanced step by step."""

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield what is delivered in [start, start + TICK_S), in order; `planted` lie in this step."""

    def finish(self) -> Iterator[Delivery]:
        """Yield what is still on its way when the simulation ends."""

    @property
    def distinct(self) -> int:
        """Records made so far, not counting redelivered copies."""


@runtime_checkable
class Witness(Protocol):
    """A feed that tells of what others deliver."""

    def witness(self, delivery: Delivery) -> None:
        """Take note of a delivery of any feed, in the order of steps; the step's own `advance` is over then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What every source and chain knows about the run. Times are epoch seconds UTC."""

    seed: int
    start: int
    end: int
    organisation: Organisation

    def rng(self, purpose: str) -> random.Random:
        """Return the generator of random numbers for one purpose, independent of all others."""
        return random.Random(f"{self.seed}/{self.start}/{self.end}/{purpose}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Declaration of a simulated source; one module in `sources/` declares one as `SOURCE`."""

    name: str
    root: str
    """Folder of its bucket or container, below the simulation's: where landing is pointed at."""
    share: float
    """Weight of its part of the total volume."""
    open: Callable[[Run, float], Feed]
    """Opens the feed with an expected number of ordinary records over the whole run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One step in the life of a change: what led to what, and the records (source, uid) that show it."""

    from_kind: str
    from_uid: str
    to_kind: str
    to_uid: str
    method: str
    by_ids: bool
    """Whether ids in the logs decide it; otherwise only who, where and when tell."""
    evidence: tuple[tuple[str, str], ...]


class Telling(Protocol):
    """Ordinary behaviour that crosses sources, advanced step by step."""

    edges: list[Edge]
    """What led to what in all that was told so far."""
    outside: list[tuple[str, str]]
    """(source, uid) of the changes that people made by hand so far."""

    def advance(self, start: int) -> Iterator[tuple[str, Record]]:
        """Yield the (source, record) pairs of the step from `start`, in any order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Declaration of ordinary behaviour that crosses sources; one module in `stories/` declares one as `STORY`."""

    name: str
    share: float
    """Weight of its part of the total volume, beside the sources'."""
    open: Callable[[Run, float], Telling]
    """Opens it with an expected number of records over the whole run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """What the access marts must find: who did something unusual to which store, and of which kind it is."""

    principal: str
    store: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A part of a chain: the records planted, and the detection or the row of the access marts that must see them."""

    source: str
    records: Sequence[Record]
    detection: str | None = None
    """The detection's model name; None for context that nothing must fire on."""
    entity: dict[str, str] = field(default_factory=dict)
    evidence: Sequence[Record] | None = None
    """The records that prove the step, where not all of `records` do."""
    needs_learning: bool = False
    """Only seen once the baseline has been learned."""
    edges: Sequence[Edge] = ()
    """What led to what in the life of a change that the step makes."""
    anomaly: Anomaly | None = None
    """What the records are to the access marts; always against a learned baseline, all on one day (UTC)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Declaration of an attack; one module in `chains/` declares one as `CHAIN`."""

    chain_id: str
    title: str
    plant: Callable[[Scene], Iterator[Step]]
    may_also_fire: tuple[str, ...] = ()
    """Detections that may fire on this chain as well, depending on how they are written."""


@dataclass(slots=True, kw_only=True)
class Scene:
    """Where and when a chain plays: its own randomness, its hour, and actors no other chain uses."""

    run: Run
    rng: random.Random
    hour: int
    """Epoch second of the full hour that the chain begins in."""
    claimed: set[str]

    @property
    def organisation(self) -> Organisation:
        """The organisation under attack."""
        return self.run.organisation

    def person(self, suits: Callable[[Person], bool] = lambda _: True) -> Person:
        """Return somebody who suits and whom no other chain has claimed (if there is one left)."""
        fit = [person for person in self.organisation.people if suits(person)]
        free = [person for person in fit if person.email not in self.claimed] or fit
        chosen = self.rng.choice(free)
        self.claimed.add(chosen.email)
        return chosen

    def attacker_ip(self) -> str:
        """Return an address in a network that nobody in the organisation uses."""
        kind = self.rng.randrange(3)
        while True:
            if kind == 0:
                address = f"203.0.113.{self.rng.randrange(2, 250)}"
            elif kind == 1:
                address = f"198.19.{self.rng.randrange(128, 250)}.{self.rng.randrange(2, 250)}"
            else:
                address = f"2001:db8:f{self.rng.randrange(4096):03x}::{self.rng.randrange(16, 65000):x}"
            if address not in self.claimed:
                self.claimed.add(address)
                return address

    def weekend(self) -> int | None:
        """Return the epoch second at which the last whole weekend day begins (UTC), if enough was learned before it."""
        day = self.run.end // DAY_S - 1
        while (day + EPOCH_WEEKDAY) % 7 < SATURDAY:
            day -= 1
        return day * DAY_S if day * DAY_S - self.run.start >= LEARNING_DAYS * DAY_S else None

    def times(self, count: int, start: int, length: int) -> list[int]:
        """Return `count` increasing times in ms, within `length` seconds from `start` (epoch seconds)."""
        span = range(start * 1000, (start + length) * 1000)
        return sorted(self.rng.sample(span, count))


def utc(epoch_s: float) -> datetime:
    """Return the UTC datetime of an epoch second."""
    return datetime.fromtimestamp(epoch_s, UTC)
