"""Scans of what the organisation builds: a pipeline runs a tool and writes its report into the bucket of scans."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from infra.local.simulate.inventory import Changes, Instants
from infra.local.simulate.model import Delivery, Record, Run, utc
from infra.local.simulate.organisation import Repository
from infra.local.simulate.rendering import compact_time

BUCKET = "s3/example-org-scans"
AGAIN = 0.05
"""Part of the reports that a pipeline uploads twice."""


class Scan(NamedTuple):
    """A report: its bytes, and how many findings it has."""

    data: bytes
    findings: int


Scanner = Callable[[Repository, int, random.Random], Scan]
"""Gives the report of a repository at an epoch millisecond."""


class Scans:
    """Reports of one tool, `size` findings each, of one repository after another as pipelines run."""

    def __init__(self, run: Run, expected: float, *, source: str, size: int, scan: Scanner):
        """Prepare `expected` findings over the run."""
        self.distinct = 0
        self._source, self._size, self._scan = source, size, scan
        self._rng = run.rng(source)
        self._repositories = run.organisation.repositories
        self._changes, self._instants = Changes(run, expected), Instants(run, self._rng)

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the reports of the step from `start`."""
        for at_ms in sorted(self._instants.within(start) for _ in range(self._changes.due(start, self._size))):
            repository = self._rng.choice(self._repositories)
            scan = self._scan(repository, at_ms, self._rng)
            self.distinct += scan.findings
            day = compact_time(at_ms // 1000, "%Y/%m/%d")
            folder = f"{root(self._source)}/{repository.name.rpartition('/')[2]}/{day}"
            name = f"{compact_time(at_ms // 1000, '%Y%m%dT%H%M%S')}{at_ms % 1000:03d}"
            for suffix in ("", "-again") if self._rng.random() < AGAIN else ("",):
                yield Delivery(
                    source=self._source,
                    key=f"{folder}/{name}{suffix}.json",
                    data=scan.data,
                    delivered_at=utc(at_ms // 1000),
                    offset=None,
                    records=scan.findings,
                )

    def finish(self) -> Iterator[Delivery]:
        """Yield nothing: a report is there when its scan has ended."""
        yield from ()


def root(source: str) -> str:
    """Return the folder of a tool's reports."""
    return f"{BUCKET}/{source}"


def image(repository: Repository) -> str:
    """Return the image that a repository's pipeline builds."""
    name = repository.name.rpartition("/")[2]
    return f"{repository.account}.dkr.ecr.{repository.region}.amazonaws.com/{name}:latest"
