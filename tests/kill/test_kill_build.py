"""Builds and detections that are killed, doubled and paused while logs arrive: the same tables, the same findings."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from test_kill_landing import END, PLACES
from worker import Job

from infra.local.simulate import Delivery, Simulation, apply


def deliver(root: Path, deliveries: list[Delivery]) -> None:
    for delivery in deliveries:
        apply(root, delivery)


class Site:
    """A simulated organisation's folders, and jobs over all of its sources."""

    def __init__(self, tmp_path: Path, workers: Any, lake: str) -> None:
        self.root, self.workers, self.lake = tmp_path / "site", workers, str(tmp_path / lake)

    def job(self, action: str, **options: Any) -> Job:
        return Job(lake=self.lake, action=action, **options)

    def land(self) -> None:
        for source, place in PLACES.items():
            job = partial(self.job, "land", source=source, place=str(self.root / place))
            self.workers.run(job(at=random.randrange(12)))
            assert self.workers.run(job()) == 0

    def finish(self) -> None:
        self.land()
        assert self.workers.run(self.job("build")) == 0
        assert self.workers.run(self.job("detect")) == 0


@pytest.fixture
def compare(tmp_path: Path, workers: Any, lake_at: Callable[..., Any]) -> Callable[[], None]:
    def check() -> None:
        Site(tmp_path, workers, "undisturbed").finish()
        clean, found = lake_at("undisturbed"), lake_at("lake")
        for source in PLACES:
            assert found.bronze(source) == clean.bronze(source)
        expected = clean.ocsf()
        assert len(expected) > 300 and max(expected.values()) == 1
        assert found.ocsf() == expected
        assert found.correlated() == clean.correlated()
        assert len(clean.findings()) >= 5
        assert found.findings() == clean.findings()

    return check


def parts(seed: int, *, days: int, events: int, count: int) -> list[list[Delivery]]:
    deliveries = list(Simulation(seed=seed, days=days, end=END, events_per_day=events).deliveries())
    size = -(-len(deliveries) // count)
    return [deliveries[i : i + size] for i in range(0, len(deliveries), size)]


@pytest.mark.slow
def test_builds_and_detections_killed_doubled_and_paused(tmp_path, workers, compare):
    random.seed(1)
    site = Site(tmp_path, workers, "lake")
    first, second, third = parts(21, days=1, events=700, count=3)

    deliver(site.root, first)
    site.land()
    assert workers.run(site.job("build", at=0)) == -signal.SIGKILL
    assert workers.run(site.job("build", at=1)) == -signal.SIGKILL
    both = [workers.start(site.job("build")), workers.start(site.job("build"))]
    assert [workers.wait(p) for p in both] == [0, 0]
    assert workers.run(site.job("detect", at=0)) == -signal.SIGKILL
    assert workers.run(site.job("detect", at=1)) == -signal.SIGKILL

    deliver(site.root, second)
    site.land()
    zombie = workers.start(site.job("build", at=2, signal=signal.SIGSTOP))
    assert workers.until_stopped(zombie)
    both = [workers.start(site.job("build")), workers.start(site.job("detect"))]
    assert [workers.wait(p) for p in both] == [0, 0]

    deliver(site.root, third)
    site.land()
    other = workers.start(site.job("detect", at=0, signal=signal.SIGSTOP))
    assert workers.until_stopped(other)
    assert workers.run(site.job("build", at=5)) == -signal.SIGKILL
    assert workers.run(site.job("build")) == 0
    assert workers.run(site.job("detect")) == 0
    for process in (zombie, other):
        os.kill(process.pid, signal.SIGCONT)
        assert workers.wait(process) == 0
    site.finish()
    compare()


@pytest.mark.soak
@pytest.mark.parametrize("action", ["build", "detect"])
def test_killed_at_every_point(action, tmp_path, workers, points_of, compare):
    """SIGKILL before and after every commit of a build, or of a detection run; each time a little more has arrived."""
    random.seed(2)
    site = Site(tmp_path, workers, "lake")
    steps = parts(22, days=1, events=900, count=14)
    deliver(site.root, steps[0])
    site.land()
    points = points_of(site.job("build"))
    for at, step in enumerate(steps[1:]):
        deliver(site.root, step)
        site.land()
        if action == "detect":
            assert workers.run(site.job("build")) == 0
        workers.run(site.job(action, at=at % points))
        if at % 3 == 2:
            assert workers.run(site.job(action)) == 0
    site.finish()
    compare()


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
def test_everything_at_once_killed_at_random(seed, tmp_path, workers, compare):
    random.seed(seed)
    site = Site(tmp_path, workers, "lake")
    for step in parts(30 + seed, days=2, events=800, count=8):
        deliver(site.root, step)
        site.land()
        crowd = [workers.start(site.job(random.choice(["build", "detect"]))) for _ in range(3)]
        time.sleep(random.uniform(2, 12))
        for process in crowd:
            if random.random() < 0.6:
                process.kill()
        for process in crowd:
            workers.wait(process)
    site.finish()
    compare()
