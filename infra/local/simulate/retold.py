"""What a tool writes about what another source already told: the same commit, run or secret, in its own words."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from infra.local.simulate.model import TICK_S, Delivery, Record, Run, utc
from infra.local.simulate.rendering import compact_time
from infra.local.simulate.scans import AGAIN, Scan


class Retelling(NamedTuple):
    """A source that tells of `of`'s deliveries, below `root`: an object each time that something new was told."""

    source: str
    of: str
    root: str
    suffix: str
    read: Callable[[Delivery], Iterable[tuple[str, dict[str, Any]]]]
    """Gives what a delivery tells of, each with its identity: what is told again is not retold."""
    write: Callable[[list[dict[str, Any]], int, random.Random], Scan]
    """Makes the object of what was told since the last, at an epoch second."""
    place: Callable[[dict[str, Any]], str]
    """Names the folder of a thing: those of a folder are written together."""


class Retold:
    """The objects of a retelling, none without anything in it; some are uploaded twice."""

    def __init__(self, run: Run, what: Retelling):
        self.distinct = 0
        self._what, self._rng = what, run.rng(what.source)
        self._seen: set[str] = set()
        self._waiting: dict[str, list[dict[str, Any]]] = {}
        self._end = run.end

    def witness(self, delivery: Delivery) -> None:
        """Take note of what is new."""
        if delivery.source != self._what.of:
            return
        for identity, told in self._what.read(delivery):
            if identity not in self._seen:
                self._seen.add(identity)
                self._waiting.setdefault(self._what.place(told), []).append(told)

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the objects about what was told in the step before `start`."""
        return self._written(start + self._rng.randrange(TICK_S))

    def finish(self) -> Iterator[Delivery]:
        """Yield the objects that are still waiting."""
        return self._written(self._end)

    def _written(self, at_s: int) -> Iterator[Delivery]:
        waiting, self._waiting = self._waiting, {}
        for place, told in sorted(waiting.items()):
            scan = self._what.write(told, at_s, self._rng)
            if not scan.findings:
                continue
            self.distinct += scan.findings
            for again in ("", "-again") if self._rng.random() < AGAIN else ("",):
                name = f"{compact_time(at_s, '%Y/%m/%d/%H%M%S')}{again}{self._what.suffix}"
                yield Delivery(
                    source=self._what.source,
                    key=f"{self._what.root}/{place}/{name}",
                    data=scan.data,
                    delivered_at=utc(at_s),
                    offset=None,
                    records=scan.findings,
                )
