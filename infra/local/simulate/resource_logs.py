"""Requests to the organisation's resources in Azure, as resource logs tell them: who makes them, how they arrive.

People come on working days, from every usual network once a week, which is what keeps these usual; machines go on all
week at a steady rate, by turns, so that each resource and each of its callers is busy every day.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Protocol

from infra.local.simulate.diagnostics import HourlyBlobs
from infra.local.simulate.model import TICK_S, Delivery, Record, Run
from infra.local.simulate.organisation import Network, Organisation, Person
from infra.local.simulate.rendering import uuid
from infra.local.simulate.rhythm import Crowd, hour_of_week

BURST_MEAN = 2.0
WEEKDAY_HOURS = 120
WEEKEND = 0.6
"""Requests of machines in a weekend's hour against those of a weekday's."""


class Teller(Protocol):
    """What one source adds: its ordinary requests, each as the records that its log has of it."""

    people: Sequence[Person]

    def visit(self, person: Person, network: Network, at_ms: int, size: int) -> list[Record]:
        """Return what a person does in one sitting, in about `size` records."""

    def round(self, person: Person, network: Network, at_ms: int) -> list[Record]:
        """Return everything that a person does from a network at times, once."""

    def work(self, turn: int, at_ms: int) -> list[Record]:
        """Return what the machine does whose turn it is; turns count up from 0."""


class ResourceLog:
    """Ordinary requests of people and machines, and the growth of the blobs that tell them."""

    def __init__(self, run: Run, expected: float, name: str, root: str, human_share: float, teller: Teller):
        """Prepare `expected` ordinary records over the run."""
        self.distinct = 0
        self._run, self._teller = run, teller
        self._rng = run.rng(f"{name}/requests")
        self._crowd = Crowd(teller.people, self._rng, run.start, run.end, expected * human_share)
        levels = sum(map(_level, range(run.start, run.end, TICK_S)))
        self._rate = expected * (1 - human_share) / levels if levels else 0.0
        self._debt = 0.0
        self._turn = 0
        self._blobs = HourlyBlobs(name, root, self._rng)

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the growth of the blobs in the step from `start`."""
        for person in self._crowd.round(start):
            for network in person.networks:
                self._publish(self._teller.round(person, network, self._at(start)))
        for person, size in self._crowd.bursts(start, BURST_MEAN):
            if hour_of_week(start) < WEEKDAY_HOURS:
                self._publish(self._teller.visit(person, self._rng.choice(person.networks), self._at(start), size))
        self._debt += self._rate * _level(start)
        while self._debt > 0:
            done = self._teller.work(self._turn, self._at(start))
            self._turn += 1
            self._debt -= len(done)
            self._publish(done)
        self._publish(planted)
        yield from self._blobs.growth(start + TICK_S)
        self._blobs.forget(start)

    def finish(self) -> Iterator[Delivery]:
        """Yield the growth that is still to come."""
        return self._blobs.growth(None)

    def _publish(self, records: Sequence[Record]) -> None:
        self.distinct += len(records)
        self._blobs.publish(records)

    def _at(self, start: int) -> int:
        # What belongs together takes up to a minute; all of it lies within the run.
        return min(start * 1000 + self._rng.randrange(TICK_S * 1000), self._run.end * 1000 - 60_000)


def _level(start: int) -> float:
    return 1.0 if hour_of_week(start) < WEEKDAY_HOURS else WEEKEND


def request_id(rng: random.Random) -> str:
    """Return a fresh id of a request."""
    return uuid(rng.randbytes(16).hex())


def administrators(org: Organisation) -> list[Person]:
    """Return the people who look after the organisation's resources in Azure."""
    return [person for person in org.people if person.uses_azure and person.is_admin]
