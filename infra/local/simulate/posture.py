"""Reports of tools that check how the organisation's places are set up: accounts, nodes, one after the other."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from infra.local.simulate.inventory import Changes, Instants
from infra.local.simulate.model import Delivery, Record, Run, utc
from infra.local.simulate.rendering import compact_time
from infra.local.simulate.scans import AGAIN, Scan, root


class Checks(NamedTuple):
    """A tool: its source, the places that it looks at, how many findings a report has, and the report itself."""

    source: str
    places: Sequence[str]
    size: int
    report: Callable[[str, int, random.Random], Scan]
    """Of a place at an epoch millisecond."""
    suffix: str = ".json"


class Rounds:
    """The reports of a tool's rounds."""

    def __init__(self, run: Run, expected: float, checks: Checks):
        """Prepare `expected` findings over the run."""
        self.distinct = 0
        self._checks = checks
        self._rng = run.rng(checks.source)
        self._changes, self._instants = Changes(run, expected), Instants(run, self._rng)
        self._turn = 0

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the reports of the step from `start`; some are uploaded twice."""
        checks = self._checks
        for at_ms in sorted(self._instants.within(start) for _ in range(self._changes.due(start, checks.size))):
            place = checks.places[self._turn % len(checks.places)]
            self._turn += 1
            scan = checks.report(place, at_ms, self._rng)
            self.distinct += scan.findings
            at_s = at_ms // 1000
            folder = f"{root(checks.source)}/{place}/{compact_time(at_s, '%Y/%m/%d')}"
            name = f"{checks.source}-{compact_time(at_s, '%Y%m%dT%H%M%S')}{at_ms % 1000:03d}"
            for again in ("", "-again") if self._rng.random() < AGAIN else ("",):
                yield Delivery(
                    source=checks.source,
                    key=f"{folder}/{name}{again}{checks.suffix}",
                    data=scan.data,
                    delivered_at=utc(at_s),
                    offset=None,
                    records=scan.findings,
                )

    def finish(self) -> Iterator[Delivery]:
        """Yield nothing: a report is there when its round has ended."""
        yield from ()
