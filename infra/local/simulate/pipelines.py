"""Code that the organisation keeps elsewhere than in GitHub: a push, a reviewed change, pipelines and a deployment.

A stream is a function of the run, so all sources that tell of it tell the same: the same people, commits and runs.
Where nobody is at work, a schedule runs the pipeline; only then does a job fail now and then.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from infra.local.simulate.model import TICK_S, Delivery, Record, Run
from infra.local.simulate.organisation import Person
from infra.local.simulate.rendering import uuid
from infra.local.simulate.rhythm import hour_of_week
from infra.local.simulate.shipper import ShippedLog, somebody

RATE = 0.0004
"""Stories of a stream against all records of the simulation; a source's share is this for each record of a story."""
WEEKEND = 0.4
NIGHTLY = 0.4
"""What a scheduled run counts for, against a reviewed change."""
FAILING = 0.2
JOBS = ("build", "test", "deploy")
TITLES = ("Mend the rounding of totals", "Read the limits from settings", "Name what is missing", "Renew dependencies")


def uid(*parts: object) -> str:
    """Return the UUID of what the parts name."""
    return uuid(hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:32])


class Job(NamedTuple):
    """A job of a pipeline; times in epoch ms."""

    name: str
    serial: int
    began_ms: int
    ended_ms: int
    passed: bool


class Pipeline(NamedTuple):
    """One run of a repository's pipeline; times in epoch ms."""

    repository: str
    serial: int
    ref: str
    commit: str
    trigger: str
    """`change`, `push` or `schedule`."""
    person: Person
    began_ms: int
    jobs: tuple[Job, ...]
    environment: str
    """Where it deploys to; empty for nowhere."""

    @property
    def ended_ms(self) -> int:
        return self.jobs[-1].ended_ms + 1500

    @property
    def passed(self) -> bool:
        return all(job.passed for job in self.jobs)

    @property
    def uid(self) -> str:
        return uid(self.repository, self.serial)


class Change(NamedTuple):
    """A change that was pushed, reviewed and merged; times in epoch ms."""

    repository: str
    number: int
    title: str
    branch: str
    base: str
    """The commit that it started from."""
    head: str
    merged: str
    author: Person
    reviewer: Person
    pushed_ms: int
    opened_ms: int
    approved_ms: int
    merged_ms: int


class Story(NamedTuple):
    """A change with its check and its deployment, or a scheduled run alone."""

    change: Change | None
    runs: tuple[Pipeline, ...]


class Stream:
    """The stories of some repositories, one after another."""

    def __init__(self, run: Run, volume: float, name: str, repositories: Sequence[str]):
        """Prepare the stories of a simulation of about `volume` records in all."""
        self._run, self._rng = run, run.rng(f"pipelines/{name}")
        self._people = run.organisation.developers()
        self._repositories = repositories
        levels = sum(map(_level, range(run.start, run.end, TICK_S)))
        self._rate = volume * RATE / levels if levels else 0.0
        self._debt = 0.0
        self._serials, self._numbers = itertools.count(5001), itertools.count(101)
        self._heads = {each: self._rng.randbytes(20).hex() for each in repositories}

    def begun(self, start: int) -> Iterator[Story]:
        """Yield the stories that begin in the step from `start`, but for those that the run's end cuts off."""
        self._debt += _level(start) * self._rate
        while self._debt > 0:
            at = start * 1000 + self._rng.randrange(TICK_S * 1000)
            author = somebody(self._people, at, self._rng)
            repository = self._rng.choice(self._repositories)
            story = self._nightly(repository, at) if author is None else self._reviewed(repository, author, at)
            self._debt -= NIGHTLY if author is None else 1.0
            if story.runs[-1].ended_ms + TICK_S * 1000 < self._run.end * 1000:
                yield story

    def _reviewed(self, repository: str, author: Person, at: int) -> Story:
        rng, number = self._rng, next(self._numbers)
        opened = at + rng.randrange(20_000, 300_000)
        head, base = rng.randbytes(20).hex(), self._heads[repository]
        check = self._ran(repository, f"change-{number}", head, "change", author, opened + 4000, "")
        approved = check.ended_ms + rng.randrange(120_000, 2_400_000)
        change = Change(
            repository, number, rng.choice(TITLES), f"change-{number}", base, head, rng.randbytes(20).hex(), author,
            rng.choice([person for person in self._people if person != author]),
            at, opened, approved, approved + rng.randrange(30_000, 600_000),
        )  # fmt: skip
        self._heads[repository] = change.merged
        pushed = change.merged_ms + 2500
        return Story(
            change, (check, self._ran(repository, "main", change.merged, "push", change.reviewer, pushed, "production"))
        )

    def _nightly(self, repository: str, at: int) -> Story:
        owner = self._people[0]
        return Story(None, (self._ran(repository, "main", self._heads[repository], "schedule", owner, at, ""),))

    def _ran(
        self, repository: str, ref: str, commit: str, trigger: str, person: Person, at: int, environment: str
    ) -> Pipeline:
        rng, serial = self._rng, next(self._serials)
        failing = trigger == "schedule" and rng.random() < FAILING
        jobs: list[Job] = []
        began = at + 5000
        for place, name in enumerate(JOBS if environment else JOBS[:2]):
            ended = began + rng.randrange(20_000, 150_000)
            jobs.append(Job(name, serial * 10 + place, began, ended, not (failing and name == "test")))
            began = ended + rng.randrange(1000, 6000)
        return Pipeline(repository, serial, ref, commit, trigger, person, at, tuple(jobs), environment)


class Pipelines:
    """What one source tells of streams, and the objects that a shipper makes of it."""

    def __init__(
        self, run: Run, name: str, root: str, streams: Sequence[Stream], tell: Callable[[Story], Sequence[Record]]
    ):
        """`tell` gives the records of a story."""
        self._streams, self._tell = streams, tell
        self._shipped = ShippedLog(run, name, root, 0, lambda _: ())
        self._ahead: list[Record] = []

    @property
    def distinct(self) -> int:
        """Records made so far, not counting redelivered copies."""
        return self._shipped.distinct

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the objects that are due in the step from `start`."""
        for stream in self._streams:
            for story in stream.begun(start):
                for record in self._tell(story):
                    heapq.heappush(self._ahead, record)
        due = list(planted)
        while self._ahead and self._ahead[0].at_ms < (start + TICK_S) * 1000:
            due.append(heapq.heappop(self._ahead))
        return self._shipped.advance(start, due)

    def finish(self) -> Iterator[Delivery]:
        """Yield the objects that are still waiting."""
        return self._shipped.finish()


def _level(start: int) -> float:
    return 1.0 if hour_of_week(start) < 120 else WEEKEND
