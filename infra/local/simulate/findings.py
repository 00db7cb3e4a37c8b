# ruff: noqa: S311  (seeded randomness is the point)
"""Findings of the cloud's own products: made once, emitted again while they go on, ended; and how they travel."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from isal import igzip

from infra.local.simulate.model import TICK_S, Delivery, Record, Run
from infra.local.simulate.rendering import seconds_z, uuid
from infra.local.simulate.rhythm import hour_of_week

WEEKEND = 0.5
LATE_S = 300
"""How long after its slot an object is delivered."""


class FindingFeed:
    """Emissions of one product, gathered by stream into an object for each slot, some of them delivered again."""

    def __init__(
        self,
        run: Run,
        rng: random.Random,
        expected: float,
        *,
        emission: Callable[[int], Record],
        pack: Callable[[int, str, str, list[str]], Delivery],
        every_s: int,
        redelivery: float,
    ):
        """Prepare `expected` ordinary emissions over the run.

        emission: the record of a finding that is made or goes on at an epoch millisecond. pack: the object that is due
        at an epoch second, for a stream, under a UUID, with bodies. redelivery: part of the records that come again a
        slot later.
        """
        self.distinct = 0
        self._run, self._rng = run, rng
        self._emission, self._pack = emission, pack
        self._every_s, self._redelivery = every_s, redelivery
        levels = sum(_level(t) for t in range(run.start, run.end, TICK_S))
        self._rate = expected / levels if levels else 0.0
        self._debt = 0.0
        self._slots: dict[tuple[int, str, int], list[str]] = {}

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the objects that are due in the step from `start`."""
        self._debt += _level(start) * self._rate
        while self._debt > 0:
            self._debt -= 1
            at_ms = min(start + self._rng.randrange(TICK_S), self._run.end - 1) * 1000 + self._rng.randrange(1000)
            self._deliver([self._emission(at_ms)])
        self._deliver(planted)
        return self._due(start + TICK_S)

    def finish(self) -> Iterator[Delivery]:
        """Yield the objects that are still waiting."""
        return self._due(None)

    def _deliver(self, records: Sequence[Record]) -> None:
        """Put records into their stream's next object, and some into the one after it too."""
        self.distinct += len(records)
        for at_ms, stream, _, body in records:
            due = (at_ms // 1000 // self._every_s + 1) * self._every_s + LATE_S
            self._slots.setdefault((due, stream, 0), []).append(body)
            if self._rng.random() < self._redelivery:
                self._slots.setdefault((due + self._every_s, stream, 1), []).append(body)

    def _due(self, until: int | None) -> Iterator[Delivery]:
        for slot in sorted(slot for slot in self._slots if until is None or slot[0] < until):
            name = uuid(random.Random(f"{self._run.seed}/{slot}").randbytes(16).hex())
            yield self._pack(slot[0], slot[1], name, self._slots.pop(slot))


def events(kind: str, service: str, due: int, stream: str, name: str, details: Sequence[str]) -> bytes:
    """Return EventBridge events one after the other without line ends, gzip, as a delivery stream writes them.

    kind: their detail-type. service: their source. stream: account and region. details: JSON texts.
    """
    account, region = stream.split("/")
    head = f'{{"version":"0","detail-type":"{kind}","source":"{service}","account":"{account}","region":"{region}"'
    texts = [
        f'{head},"id":"{uuid(random.Random(f"{name}/{n}").randbytes(16).hex())}","time":"{seconds_z(due)}",'
        f'"resources":[],"detail":{detail}}}'
        for n, detail in enumerate(details)
    ]
    return igzip.compress("".join(texts).encode(), 1, mtime=0)


def _level(start: int) -> float:
    return 1.0 if hour_of_week(start) < 120 else WEEKEND
