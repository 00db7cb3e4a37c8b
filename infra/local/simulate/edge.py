# ruff: noqa: S311  (seeded randomness is the point)
"""The organisation's edge in AWS: what the internet asks of it all week, and how its logs come.

An object for each stream and a while, some minutes after it; now and then one is delivered again under another name.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from infra.local.simulate.model import DAY_S, HOUR_S, TICK_S, Delivery, Record, Run, utc
from infra.local.simulate.organisation import DOMAIN
from infra.local.simulate.rhythm import hour_of_week

SHOP = f"shop.{DOMAIN}"
SHOP_BALANCER = "app/shop/50dc6c495c0c9188"
"""The load balancer behind it."""
DISTRIBUTION = "E2QWRUHAPOMQZL"
"""The CloudFront distribution before it."""
PERIOD_S = 3600
"""What one object covers. AWS takes five minutes of most logs: a small simulation would be objects of a record each."""
REDELIVERY = 0.02
WEEKDAY_HOURS = 120
WEEKEND = 0.6
"""Records of a weekend's hour against those of a weekday's."""
NIGHT = 0.5
"""Records of the quietest hour against those of the busiest."""
Visit = Callable[[random.Random, int], Sequence[Record]]
"""What one visitor does at an instant, in epoch milliseconds."""
Written = Callable[[str, int, int, Sequence[str]], tuple[str, bytes]]
"""Key and bytes of a stream's object, given the epoch second that its while ends at, 64 bits of its own, and bodies."""


def visitor(rng: random.Random) -> str:
    """Return the address of somebody on the internet."""
    return f"192.0.2.{rng.randrange(1, 240)}"


class EdgeLogs:
    """Ordinary records of one log, and the delivery of everything."""

    def __init__(self, run: Run, expected: float, *, name: str, visit: Visit, written: Written):
        """Prepare `expected` ordinary records over the run."""
        self.distinct = 0
        self._run, self._rng = run, run.rng(name)
        self._name, self._visit, self._written = name, visit, written
        levels = sum(self._level(t) for t in range(run.start, run.end, TICK_S))
        self._rate = expected / levels if levels else 0.0
        self._debt = 0.0
        self._slots: dict[tuple[int, str, int, int], list[str]] = {}

    @staticmethod
    def _level(start: int) -> float:
        day = 1.0 - (1.0 - NIGHT) * abs(start % DAY_S / HOUR_S - 13) / 13
        return day * (1.0 if hour_of_week(start) < WEEKDAY_HOURS else WEEKEND)

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the objects delivered in the step from `start`."""
        self._debt += self._rate * self._level(start)
        while self._debt > 0:
            records = self._visit(self._rng, start * 1000 + self._rng.randrange(TICK_S * 1000))
            self._debt -= len(records)
            self._publish(records)
        self._publish(planted)
        return self._due(start + TICK_S)

    def finish(self) -> Iterator[Delivery]:
        """Yield the objects that are still waiting."""
        return self._due(None)

    def _publish(self, records: Sequence[Record]) -> None:
        """Put records into the objects of their streams, and a few into a second one too."""
        self.distinct += len(records)
        again = self._rng.random() < REDELIVERY
        for at_ms, stream, _, body in records:
            end = (at_ms // 1000 // PERIOD_S + 1) * PERIOD_S
            self._slots.setdefault((end + 120, stream, end, 0), []).append(body)
            if again:
                self._slots.setdefault((end + 420, stream, end, 1), []).append(body)

    def _due(self, until: int | None) -> Iterator[Delivery]:
        for slot in sorted(slot for slot in self._slots if until is None or slot[0] < until):
            at, stream, end, _ = slot
            bodies = self._slots.pop(slot)
            key, data = self._written(stream, end, random.Random(f"{self._run.seed}/{slot}").getrandbits(64), bodies)
            yield Delivery(
                source=self._name, key=key, data=data, delivered_at=utc(at), offset=None, records=len(bodies)
            )
