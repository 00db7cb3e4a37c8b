"""What simulated inventories share: how often something changes, and records that wait for their object."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from infra.local.simulate.model import DAY_S, TICK_S, Run
from infra.local.simulate.rhythm import hour_of_week

NIGHT, WEEKEND = 0.4, 0.5
"""Changes of the quietest hour against those of the busiest, and of a weekend against those of working days."""


class Changes:
    """Shares an expected number of changes out over a run, most of them by day and on working days."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` changes over the run."""
        levels = sum(map(self._level, range(run.start, run.end, TICK_S)))
        self._scale = expected / levels if levels else 0.0
        self._debt = 0.0

    @staticmethod
    def _level(start: int) -> float:
        day = 1.0 - (1.0 - NIGHT) * abs(start % DAY_S / 3600 - 13) / 13
        return day * (1.0 if hour_of_week(start) < 120 else WEEKEND)

    def due(self, start: int, size: int = 1) -> int:
        """Return how many changes of `size` records begin in the step from `start`."""
        self._debt += self._level(start) * self._scale
        count = max(0, int(self._debt // size))
        self._debt -= count * size
        return count


class Instants:
    """Times within a step of which no two are the same: what changes then is named by the time."""

    def __init__(self, run: Run, rng: random.Random):
        self._end, self._rng = run.end * 1000, rng
        self._used: set[int] = set()

    def within(self, start: int) -> int:
        """Return a millisecond in the step from `start` (epoch seconds), before the run's end."""
        while True:
            at = min(start * 1000 + self._rng.randrange(TICK_S * 1000), self._end - 1)
            if at not in self._used:
                self._used = {used for used in self._used if used >= start * 1000} | {at}
                return at


class Batch(NamedTuple):
    """The records of one object: when it becomes visible, where it belongs, and the period's end; epoch seconds."""

    visible: int
    stream: str
    end: int
    bodies: list[str]


class Periods:
    """Gathers records by stream and period of `length` seconds; the object comes `delay` seconds after the period."""

    def __init__(self, length: int, delay: int):
        self._length, self._delay = length, delay
        self._waiting: dict[tuple[int, str, int], list[str]] = {}

    def add(self, at_ms: int, stream: str, body: str) -> None:
        """Put a record into the object of its time."""
        end = (at_ms // 1000 // self._length + 1) * self._length
        self._waiting.setdefault((end + self._delay, stream, end), []).append(body)

    def due(self, until: int | None) -> Iterator[Batch]:
        """Yield what becomes visible before `until`, or all that waits, in order."""
        for slot in sorted(slot for slot in self._waiting if until is None or slot[0] < until):
            yield Batch(*slot, self._waiting.pop(slot))
