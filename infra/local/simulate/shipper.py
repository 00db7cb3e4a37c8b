# ruff: noqa: S311  (seeded randomness is the point)
"""Logs that machines write themselves, and a shipper (Fluent Bit, a delivery stream) brings to a bucket.

What happened in five minutes on one host or cluster becomes one packed object of JSON lines; some of it comes again.
https://docs.fluentbit.io/manual/pipeline/outputs/s3
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from isal import igzip

from infra.local.simulate.model import TICK_S, Delivery, Record, Run, utc
from infra.local.simulate.organisation import Person
from infra.local.simulate.rendering import compact_time, uuid
from infra.local.simulate.rhythm import activity, hour_of_week

WEEKEND = 0.6
LATE_S = 60
AT_WORK = 0.3
"""How active a person must be to be at work."""
FLUENT_BIT = "%Y/%m/%d/%H/%M/%S"


class ShippedLog:
    """Ordinary records of one source at a steady rate, and the objects that a shipper makes of them."""

    def __init__(
        self,
        run: Run,
        name: str,
        root: str,
        expected: float,
        tell: Callable[[int], Sequence[Record]],
        *,
        layout: str = FLUENT_BIT,
        redelivery: float = 0.02,
    ):
        """Prepare about `expected` ordinary records over the run.

        tell: what happens at an epoch millisecond: records of that moment, or some seconds later. layout: what stands
        in a key between the stream and the object's own name, for `strftime`. redelivery: part of the records that
        come again with the next object.
        """
        self.distinct = 0
        self._run, self._name, self._root = run, name, root
        self._tell, self._layout, self._redelivery = tell, layout, redelivery
        self._rng = run.rng(f"{name}/shipper")
        levels = sum(map(_level, range(run.start, run.end, TICK_S)))
        self._rate = expected / levels if levels else 0.0
        self._debt = 0.0
        self._slots: dict[tuple[int, str], list[str]] = {}

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the objects that are due in the step from `start`."""
        self._debt += _level(start) * self._rate
        while self._debt > 0:
            # what belongs together takes some seconds; all of it lies within the step
            told = self._tell(start * 1000 + self._rng.randrange((TICK_S - 30) * 1000))
            self._debt -= len(told)
            self._ship(start, told)
        self._ship(start, planted)
        return self._due(start + TICK_S)

    def finish(self) -> Iterator[Delivery]:
        """Yield the objects that are still waiting."""
        return self._due(None)

    def _ship(self, start: int, records: Sequence[Record]) -> None:
        self.distinct += len(records)
        due = start + TICK_S + LATE_S
        for record in records:
            self._slots.setdefault((due, record.stream), []).append(record.body)
            if self._rng.random() < self._redelivery:
                self._slots.setdefault((due + TICK_S, record.stream), []).append(record.body)

    def _due(self, until: int | None) -> Iterator[Delivery]:
        for slot in sorted(slot for slot in self._slots if until is None or slot[0] < until):
            due, stream = slot
            bodies = self._slots.pop(slot)
            own = uuid(random.Random(f"{self._run.seed}/{self._name}/{slot}").randbytes(16).hex())
            yield Delivery(
                source=self._name,
                key=f"{self._root}/{stream}/{compact_time(due, self._layout)}-{own}.gz",
                data=igzip.compress("".join(body + "\n" for body in bodies).encode(), 1, mtime=0),
                delivered_at=utc(due),
                offset=None,
                records=len(bodies),
            )


def somebody(people: Sequence[Person], at_ms: int, rng: random.Random) -> Person | None:
    """Return one of those who are at work at a moment, or None."""
    hour = hour_of_week(at_ms // 1000)
    present = [person for person in people if activity(person.utc_offset_min, hour) >= AT_WORK]
    return rng.choice(present) if present else None


def _level(start: int) -> float:
    return 1.0 if hour_of_week(start) < 120 else WEEKEND
