"""When things happen: people follow their own clock and week, machines their schedule."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence

from infra.local.simulate.model import DAY_S, EPOCH_WEEKDAY, HOUR_S, SATURDAY, TICK_S
from infra.local.simulate.organisation import Person, Workload

WEEK_H = 168
_WORKDAY = (
    0.01, 0.01, 0.01, 0.01, 0.01, 0.02, 0.08, 0.35, 0.80, 1.00, 1.00, 0.90,
    0.60, 0.85, 1.00, 0.95, 0.85, 0.55, 0.25, 0.12, 0.10, 0.06, 0.03, 0.02,
)  # fmt: skip
_WEEKEND = 0.06
_ROUND_HOUR = 10
_RUN_LEAST = 15.0


def hour_of_week(epoch_s: int) -> int:
    """Return 0 (Monday 00:00 UTC) to 167 (Sunday 23:00 UTC)."""
    days, seconds = divmod(epoch_s, DAY_S)
    return ((days + EPOCH_WEEKDAY) % 7) * 24 + seconds // HOUR_S


def activity(offset_min: int, week_hour: int) -> float:
    """Return how active a person at an offset from UTC (minutes) is in an hour of the UTC week, 0 to 1."""
    day, hour = divmod((week_hour + offset_min // 60) % WEEK_H, 24)
    return _WORKDAY[hour] * (1.0 if day < SATURDAY else _WEEKEND)


class Crowd:
    """Shares an expected number of human records out over a run, by who is awake and at work."""

    def __init__(self, people: Sequence[Person], rng: random.Random, start: int, end: int, expected: float):
        """Spread `expected` records of `people` over [start, end), epoch seconds."""
        self._people = people
        self._rng = rng
        self._start = start
        self._debt = 0.0
        self._weights = [
            list(itertools.accumulate(p.energy * activity(p.utc_offset_min, h) for p in people)) for h in range(WEEK_H)
        ]
        total = sum(self._weights[hour_of_week(t)][-1] for t in range(start, end, TICK_S))
        self._scale = expected / total if total else 0.0

    def bursts(self, start: int, mean: float) -> Iterator[tuple[Person, int]]:
        """Yield (person, number of records) for the step that begins at `start`."""
        weights = self._weights[hour_of_week(start)]
        self._debt += weights[-1] * self._scale
        while self._debt > 0:
            size = 2 + int(self._rng.expovariate(1 / mean))
            self._debt -= size
            yield self._rng.choices(self._people, cum_weights=weights)[0], size

    def round(self, start: int) -> Iterator[Person]:
        """Yield those whose weekly round falls in this step: each person once in every seven days.

        In the round a person uses every usual network, which is what keeps them usual.
        """
        if start % HOUR_S >= TICK_S or (start - self._start) % (7 * DAY_S) >= DAY_S:
            return
        hour = start % DAY_S // HOUR_S
        for person in self._people:
            if (_ROUND_HOUR - person.utc_offset_min // 60) % 24 == hour:
                yield person


class Schedules:
    """Shares an expected number of machine records out over a run, each workload at its own period."""

    def __init__(self, workloads: Sequence[Workload], start: int, end: int, expected: float):
        """Spread `expected` records of `workloads` over [start, end), epoch seconds."""
        self._workloads = workloads
        levels = sum(self._level(t) for t in range(start, end, TICK_S))
        total = levels * sum(w.weight for w in workloads)
        self._scale = expected / total if total else 0.0
        days = (end - start) / DAY_S
        # Small simulations run their jobs less often, so that a run still has something to do; the first
        # run comes on the first day in any case, which makes every workload known from the beginning.
        self._least = [max(1.0, min(_RUN_LEAST, w.weight * self._scale * levels / days)) for w in workloads]
        self._debts = list(self._least)

    @staticmethod
    def _level(start: int) -> float:
        return 1.0 if hour_of_week(start) < 24 * SATURDAY else 0.7

    def bursts(self, start: int) -> Iterator[tuple[Workload, int]]:
        """Yield (workload, number of records) for those whose schedule falls in this step."""
        level = self._level(start) * self._scale
        minute = start // 60
        for index, workload in enumerate(self._workloads):
            self._debts[index] += level * workload.weight
            if (minute - workload.phase_min) % workload.period_min < TICK_S // 60 and self._debts[index] >= self._least[
                index
            ]:
                size = int(self._debts[index])
                self._debts[index] -= size
                yield workload, size


class Caps:
    """Holds rare ordinary noise below every threshold, however large the simulation is."""

    def __init__(self) -> None:
        self._hour = -1
        self._used: dict[tuple[int, str, str], int] = {}
        self._last: dict[tuple[str, str], int] = {}

    def take(self, at_s: int, who: str, what: str, limit: int) -> bool:
        """Return whether `who` may do `what` once more in this clock hour, and count it."""
        hour = at_s // HOUR_S
        if hour > self._hour:
            self._hour = hour
            self._used = {key: n for key, n in self._used.items() if key[0] >= hour - 1}
        key = (hour, who, what)
        used = self._used.get(key, 0)
        if used >= limit:
            return False
        self._used[key] = used + 1
        return True

    def rest(self, at_s: int, who: str, what: str, pause_s: int) -> bool:
        """Return whether `who` last did `what` at least `pause_s` seconds ago, and remember this time."""
        last = self._last.get((who, what))
        if last is not None and at_s - last < pause_s:
            return False
        self._last[who, what] = at_s
        return True
