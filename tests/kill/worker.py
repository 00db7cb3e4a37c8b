"""A process that works on a lake and ends, or stops, where it is told. Started by the kill tests.

The points at which it can end are every commit, before and after, and every data file, half-written and whole.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transforms.errors import RetryableError
from transforms.lake.table import Lake, Table
from transforms.land import land, land_lane, plan
from transforms.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to do (`plan`, `land`, `lane`, ...) and at which point (0, 1, ...) to raise `signal` in oneself."""

    lake: str
    action: str
    source: str = ""
    place: str = ""
    lane: int = 0
    at: int | None = None
    signal: int = signal.SIGKILL
    points: str | None = None
    """A file that the points passed are counted in, one byte each."""
    project: str = ""
    """A copy of the dbt project, where it is not the checkout's."""
    options: dict[str, Any] = field(default_factory=dict)


def run(job: Job) -> None:
    environment = {"CATCHMENT_DBT_PROJECT": job.project} if job.project else {}
    settings = Settings(lake=job.lake, environment=environment, workers=1, **job.options)
    _mine(job)
    try:
        ACTIONS[job.action](settings, job)
    except RetryableError:
        raise SystemExit(75) from None


def _dbt(step: str) -> Callable[[Settings, Job], None]:
    def work(settings: Settings, job: Job) -> None:
        from transforms.warehouse import runner

        failed = getattr(runner, step)(settings).failed
        if failed:
            raise RuntimeError(f"{step}: {failed}")

    return work


ACTIONS: dict[str, Callable[[Settings, Job], object]] = {
    "plan": lambda settings, job: plan(settings, job.source, job.place),
    "land": lambda settings, job: land(settings, job.source, job.place),
    "lane": lambda settings, job: land_lane(settings, job.source, job.lane),
    **{step: _dbt(step) for step in ("build", "correlate", "detect", "rebuild")},
}


def _mine(job: Job) -> None:
    """Wrap what writes, so that every point is counted and one of them is the last."""
    passed = 0

    def point(_: str) -> None:
        nonlocal passed
        if job.points is not None:
            with Path(job.points).open("ab") as counter:
                counter.write(b".")
        if passed == job.at:
            os.kill(os.getpid(), job.signal)
        passed += 1

    write, create, describe = Table._write, Lake.create, Table.describe

    def mined_write(self: Table, *args: Any, **more: Any) -> Any:
        point(f"before a commit to {self.name}")
        result = write(self, *args, **more)
        point(f"after a commit to {self.name}")
        return result

    def mined_create(self: Lake, *args: Any, **more: Any) -> Any:
        result = create(self, *args, **more)
        point("a file is open")
        return result

    def mined_describe(self: Table, *args: Any, **more: Any) -> Any:
        result = describe(self, *args, **more)
        point("a file is whole")
        return result

    Table._write, Lake.create, Table.describe = mined_write, mined_create, mined_describe  # type: ignore[method-assign]
