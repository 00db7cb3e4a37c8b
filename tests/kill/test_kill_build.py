"""Builds, correlations, detections and rebuilds that are killed, doubled and paused while logs arrive: the same tables,
the same marts, the same findings.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from stand_ins import ONE_A_VENDOR, PLACES
from test_kill_landing import END
from worker import Job

from infra.local.simulate import Delivery, Simulation, apply
from transforms.reference import staging_of
from transforms.report import detections
from transforms.settings import REPOSITORY


def deliver(root: Path, deliveries: list[Delivery]) -> None:
    for delivery in deliveries:
        apply(root, delivery)


def project(folder: Path) -> Path:
    """A copy of the project with two detections of each shape and a few sources: each run starts in half the time."""
    shutil.copytree(REPOSITORY / "dbt_project", folder, ignore=shutil.ignore_patterns("target", "logs"))
    shapes: dict[str, list[str]] = {}
    for row in detections():
        shapes.setdefault(row["shape"], []).append(row["detection"])
    assert len(shapes) == 7 and min(map(len, shapes.values())) >= 2
    kept = {name for names in shapes.values() for name in names[:2]}
    for path in (folder / "models" / "detections").rglob("det_*"):
        if path.stem not in kept:
            path.unlink()
    models = {staging_of(source).stem for source in ONE_A_VENDOR}
    for path in (folder / "models" / "staging").rglob("stg_*"):
        if path.stem not in models:
            path.unlink()
    return folder


class Site:
    """A simulated organisation's folders, and jobs over some of its sources."""

    def __init__(self, tmp_path: Path, workers: Any, lake: str) -> None:
        self.root, self.workers, self.lake = tmp_path / "site", workers, str(tmp_path / lake)
        self.project = tmp_path / "project"
        if not self.project.exists():
            project(self.project)

    def job(self, action: str, **options: Any) -> Job:
        return Job(lake=self.lake, action=action, project=str(self.project), **options)

    def run(self, *actions: str) -> None:
        """Undisturbed, one after the other."""
        for action in actions:
            assert self.workers.run(self.job(action)) == 0, action

    def together(self, *actions: str) -> None:
        """Undisturbed, at the same time."""
        started = [self.workers.start(self.job(action)) for action in actions]
        assert [self.workers.wait(process) for process in started] == [0] * len(actions)

    def killed(self, action: str, *points: int) -> None:
        for at in points:
            assert self.workers.run(self.job(action, at=at)) == -signal.SIGKILL, (action, at)

    def stopped(self, action: str, at: int) -> Any:
        """A worker that has stopped itself at a point."""
        process = self.workers.start(self.job(action, at=at, signal=signal.SIGSTOP))
        assert self.workers.until_stopped(process), (action, at)
        return process

    def goes_on(self, process: Any) -> int:
        os.kill(process.pid, signal.SIGCONT)
        return int(self.workers.wait(process))

    def land(self) -> None:
        for source in ONE_A_VENDOR:
            job = partial(self.job, "land", source=source, place=str(self.root / PLACES[source]))
            self.workers.run(job(at=random.randrange(12)))
            assert self.workers.run(job()) == 0

    def finish(self) -> None:
        self.land()
        self.run("build", "correlate", "detect")


@pytest.fixture
def compare(tmp_path: Path, workers: Any, lake_at: Callable[..., Any]) -> Callable[[], None]:
    def check() -> None:
        Site(tmp_path, workers, "undisturbed").finish()
        clean, found = lake_at("undisturbed"), lake_at("lake")
        for source in ONE_A_VENDOR:
            assert found.bronze(source) == clean.bronze(source)
        expected = clean.ocsf()
        assert len(expected) > 300 and max(expected.values()) == 1
        assert found.ocsf() == expected
        correlated = clean.correlated()
        assert len(correlated) > 300 and max(correlated.values()) == 1
        assert found.correlated() == correlated
        assert len(clean.findings()) >= 5
        assert found.findings() == clean.findings()

    return check


def parts(seed: int, *, days: int, events: int, count: int) -> list[list[Delivery]]:
    simulation = Simulation(seed=seed, days=days, end=END, events_per_day=events, sources=ONE_A_VENDOR)
    deliveries = list(simulation.deliveries())
    size = -(-len(deliveries) // count)
    return [deliveries[i : i + size] for i in range(0, len(deliveries), size)]


@pytest.mark.slow
def test_builds_correlations_and_detections_killed_doubled_and_paused(tmp_path, workers, compare):
    random.seed(1)
    site = Site(tmp_path, workers, "lake")
    first, second, third = parts(21, days=1, events=700, count=3)

    deliver(site.root, first)
    site.land()
    site.killed("build", 0, 1)
    site.together("build", "build")
    site.killed("correlate", 2, 9)
    site.killed("detect", 0)
    site.together("correlate", "detect")

    deliver(site.root, second)
    site.land()
    building = site.stopped("build", 2)
    site.together("build", "detect")
    correlating = site.stopped("correlate", 6)
    site.together("correlate", "correlate")

    deliver(site.root, third)
    site.land()
    detecting = site.stopped("detect", 0)
    site.killed("build", 5)
    site.run("build", "detect")
    assert [site.goes_on(process) for process in (building, correlating, detecting)] == [0, 0, 0]
    site.finish()
    compare()


@pytest.mark.slow
def test_a_rebuild_killed_and_beside_others(tmp_path, workers, compare, lake_at):
    """Killed while it empties and while it fills; builds, correlations and detections that began before it go on after
    it, and write nothing of the old tables into the new. No finding is made a second time."""
    random.seed(3)
    site = Site(tmp_path, workers, "lake")
    first, second = parts(23, days=1, events=700, count=2)
    deliver(site.root, first)
    site.land()
    site.run("build", "correlate", "detect")
    deliver(site.root, second)
    site.land()
    old = [site.stopped("build", 0), site.stopped("build", 4)]
    site.killed("rebuild", 1, 4, 9, 30)
    assert workers.run(site.job("detect")) != 0, "half a table was judged"
    site.run("build")
    old += [site.stopped("correlate", 6), site.stopped("detect", 0)]
    site.killed("rebuild", 20)
    site.run("rebuild")
    builds = [site.goes_on(process) for process in old[:2]]
    assert builds == [1, 1], "a build that began before the rebuild is told so"
    for process in old[2:]:
        site.goes_on(process)
    site.finish()
    compare()
    made = (
        "select finding_uid from findings.finding_history where revision_kind = 'create' group by 1 having count(*) > 1"
    )
    assert lake_at("lake").sql(made) == []


@pytest.mark.soak
@pytest.mark.parametrize("action", ["build", "correlate", "detect", "rebuild"])
def test_killed_at_every_point(action, tmp_path, workers, points_of, compare):
    """SIGKILL before and after every commit of a run; each time a little more has arrived."""
    random.seed(2)
    site = Site(tmp_path, workers, "lake")
    steps = parts(22, days=1, events=900, count=14)
    deliver(site.root, steps[0])
    site.land()
    points = points_of(site.job("build"))
    for at, step in enumerate(steps[1:]):
        deliver(site.root, step)
        site.land()
        if action != "build":
            site.run("build")
        workers.run(site.job(action, at=at % points))
        if at % 3 == 2:
            assert workers.run(site.job(action)) == 0
    site.finish()
    compare()


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
def test_everything_at_once_killed_at_random(seed, tmp_path, workers, compare):
    """In every other seed with rebuilds among it."""
    random.seed(seed)
    site = Site(tmp_path, workers, "lake")
    actions = ["build", "correlate", "detect", *(["rebuild"] if seed % 2 else [])]
    for step in parts(30 + seed, days=2, events=800, count=8):
        deliver(site.root, step)
        site.land()
        crowd = [workers.start(site.job(random.choice(actions))) for _ in range(3)]
        time.sleep(random.uniform(2, 12))
        for process in crowd:
            if random.random() < 0.6:
                process.kill()
        for process in crowd:
            workers.wait(process)
    site.finish()
    compare()
