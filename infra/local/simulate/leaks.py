# ruff: noqa: S311  (seeded randomness is the point)
"""Secrets that lie in the organisation's repositories: what its scanners find there, each in its own words."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from infra.local.simulate.model import TICK_S, Delivery, Record, Run
from infra.local.simulate.organisation import Person, Repository
from infra.local.simulate.rhythm import hour_of_week

WEEKEND = 0.3
"""Commits are made then too, but few."""

_PATHS = (
    "config/settings.py",
    "deploy/values.yaml",
    "src/main/application.yml",
    ".env",
    "scripts/release.sh",
)
_KINDS = ("generic-api-key", "private-key", "jwt", "curl-auth-user")


class Leak(NamedTuple):
    """A secret in a commit. It is synthesised, of no provider's form."""

    uid: int
    repository: Repository
    person: Person
    commit: str
    path: str
    line: int
    kind: str
    secret: str
    at_ms: int


def leak(run: Run, number: int, at_ms: int) -> Leak:
    """Return the leak of a number; all scanners that find it tell of the same one."""
    rng = random.Random(f"{run.seed}/leak/{number}")
    organisation = run.organisation
    return Leak(
        uid=number,
        repository=rng.choice(organisation.repositories),
        person=rng.choice(organisation.developers()),
        commit=rng.randbytes(20).hex(),
        path=rng.choice(_PATHS),
        line=rng.randrange(1, 200),
        kind=rng.choice(_KINDS),
        secret=f"simulated-{rng.randbytes(12).hex()}",
        at_ms=at_ms,
    )


class Scans:
    """Findings of one scanner as they are made, in a report for each time that it runs; some are reported again."""

    def __init__(
        self,
        run: Run,
        rng: random.Random,
        expected: float,
        *,
        found: Callable[[int, int], Record],
        report: Callable[[int, list[str]], Delivery],
        every_s: int,
        redelivery: float,
    ):
        """Prepare `expected` findings over the run.

        found: the record of a number and an epoch millisecond. report: the object that is due at an epoch second, with
        the bodies of its findings. redelivery: part of the findings that the next report holds too.
        """
        self.distinct = 0
        self._run, self._rng, self._found, self._report = run, rng, found, report
        self._every_s, self._redelivery = every_s, redelivery
        levels = sum(_level(at) for at in range(run.start, run.end, TICK_S))
        self._rate = expected / levels if levels else 0.0
        self._debt, self._number = 0.0, 0
        self._slots: dict[int, list[str]] = {}

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the reports that are due in the step from `start`."""
        self._debt += _level(start) * self._rate
        records = list(planted)
        while self._debt > 0:
            self._debt -= 1
            self._number += 1
            at_ms = min(start + self._rng.randrange(TICK_S), self._run.end - 1) * 1000
            records.append(self._found(self._number, at_ms))
        self.distinct += len(records)
        for record in records:
            due = (record.at_ms // 1000 // self._every_s + 1) * self._every_s
            self._slots.setdefault(due, []).append(record.body)
            if self._rng.random() < self._redelivery:
                self._slots.setdefault(due + self._every_s, []).append(record.body)
        return self._due(start + TICK_S)

    def finish(self) -> Iterator[Delivery]:
        """Yield the reports that are still waiting."""
        return self._due(None)

    def _due(self, until: int | None) -> Iterator[Delivery]:
        for due in sorted(slot for slot in self._slots if until is None or slot < until):
            yield self._report(due, self._slots.pop(due))


def _level(start: int) -> float:
    return 1.0 if hour_of_week(start) < 120 else WEEKEND
