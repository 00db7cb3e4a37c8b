"""Landing that is killed, doubled, paused and repeated gives what one undisturbed run gives."""

from __future__ import annotations

import gzip
import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from stand_ins import EACH, GROWING, PLACES, WHOLE
from worker import Job

from infra.local.simulate import Delivery, Simulation

END = datetime(2026, 11, 20, tzinfo=UTC)
SMALL = {"lanes": 2, "plan_objects": 9}
ONE_LANE = {"lanes": 1, "plan_objects": 20}
FIXTURES = Path(__file__).parents[1] / "fixtures"


@dataclass(frozen=True)
class Write:
    """One object, or the bytes that are appended to one, at the moment it appears."""

    key: str
    data: bytes
    append: bool = False

    def show(self, root: Path) -> None:
        path = root / self.key
        path.parent.mkdir(parents=True, exist_ok=True)
        if not self.append:
            path.write_bytes(self.data)
            return
        with path.open("ab") as blob:
            blob.write(self.data)


def world(source: str, seed: int, *, events: int, parts: int) -> list[list[Write]]:
    """What a source delivers, in `parts` steps; some of it twice, or cut within a record.

    The source's fixtures come too: among them are records that must not land. One comes again as an object cut off.
    """
    rng = random.Random(seed)
    simulation = Simulation(seed=seed, days=1, end=END, events_per_day=events, sources=[source], chains=False)
    writes: list[Write] = []
    for delivery in simulation.deliveries():
        writes += _cut(delivery, rng)
    whole = [w for w in writes if not w.append and w.key.endswith(".gz")]
    for write in rng.sample(whole, min(len(whole), 4)):
        folder, _, name = write.key.rpartition("/")
        writes.insert(rng.randrange(len(writes)), Write(f"{folder}/again-{name}", write.data))
    folder = writes[0].key.rpartition("/")[0]
    fixtures = sorted(p for p in (FIXTURES / source).rglob("*") if p.is_file())
    for n, path in enumerate(fixtures):
        writes.insert(rng.randrange(len(writes)), Write(f"{folder}/{n}-{path.name}", path.read_bytes()))
    cut = gzip.compress(fixtures[0].read_bytes())[:-9]
    writes.insert(rng.randrange(len(writes)), Write(f"{folder}/cut-{fixtures[0].name}.gz", cut))
    size = -(-len(writes) // parts)
    return [writes[i : i + size] for i in range(0, len(writes), size)]


def _cut(delivery: Delivery, rng: random.Random) -> list[Write]:
    if delivery.offset is None:
        return [Write(delivery.key, delivery.data)]
    middle = rng.randrange(len(delivery.data))
    return [
        Write(delivery.key, delivery.data[:middle], append=True),
        Write(delivery.key, delivery.data[middle:], append=True),
    ]


@pytest.fixture
def same(lake_at: Callable[..., Any]) -> Callable[..., None]:
    """Compare a lake with one that landed the same folder, as it is now, undisturbed."""
    clean: list[Any] = []

    def check(source: str, place: Path, lake: str) -> None:
        if not clean:
            undisturbed = lake_at("undisturbed")
            undisturbed.land(source, place)
            clean[:] = [undisturbed.bronze(source), undisturbed.quarantine()]
            assert len(clean[0]) > 20 and len(clean[1]) >= 2
        found = lake_at(lake)
        assert found.bronze(source) == clean[0]
        assert found.quarantine() == clean[1]
        rows = found.rows("ops/ledger")
        plans = Counter((r["uri"], r["version"], r["from_byte"], r["final"]) for r in rows if r["kind"] == "plan")
        assert set(plans.values()) == {1}, "an object was planned twice"
        landed = Counter((r["uri"], r["version"], r["from_byte"], r["final"]) for r in rows if r["kind"] == "landed")
        assert landed == plans

    return check


@pytest.mark.parametrize("source", EACH)
def test_killed_at_every_point(source, tmp_path, workers, points_of, same, lake_at):
    """SIGKILL before and after every commit and at every file, in a run that finds new, grown and bad objects."""
    first, second = world(source, 3, events=40, parts=2)
    before = tmp_path / "before"
    place = tmp_path / "bucket"
    job = partial(Job, source=source, place=str(place), options=SMALL)
    for write in first:
        write.show(place)
    assert workers.run(job(lake=str(before), action="land")) == 0
    for write in second:
        write.show(place)
    shutil.copytree(before, tmp_path / "counted")
    points = points_of(job(lake=str(tmp_path / "counted"), action="land"))
    assert 12 < points < 60
    for at in range(points):
        lake = tmp_path / f"lake-{at}"
        shutil.copytree(before, lake)
        assert workers.run(job(lake=str(lake), action="land", at=at)) == -signal.SIGKILL
        lake_at(lake.name, **SMALL).land(source, place)
        same(source, place, lake.name)


def test_killed_while_the_lake_is_made(tmp_path, workers, points_of, same, lake_at):
    """SIGKILL at every point of the very first run."""
    place = tmp_path / "bucket"
    for write in world(WHOLE, 4, events=60, parts=1)[0]:
        write.show(place)
    job = partial(Job, source=WHOLE, place=str(place), action="land", options={"lanes": 1})
    points = points_of(job(lake=str(tmp_path / "counted")))
    for at in range(points):
        lake = tmp_path / f"lake-{at}"
        assert workers.run(job(lake=str(lake), at=at)) == -signal.SIGKILL
        lake_at(lake.name, lanes=1).land(WHOLE, place)
        same(WHOLE, place, lake.name)


@pytest.mark.parametrize("source", EACH)
def test_a_zombie_beside_its_retry(source, tmp_path, workers, points_of, same, lake_at):
    """A worker is paused at each point; its retry does the work, more arrives and lands; then the first goes on."""
    first, second = world(source, 5, events=60, parts=2)
    before, place = tmp_path / "before", tmp_path / "bucket"
    job = partial(Job, source=source, place=str(place), options=ONE_LANE)
    for write in first:
        write.show(place)
    assert workers.run(job(lake=str(before), action="plan")) == 0
    shutil.copytree(before, tmp_path / "counted")
    points = points_of(job(lake=str(tmp_path / "counted"), action="lane"))
    zombies = []
    for at in range(points):
        lake = tmp_path / f"lake-{at}"
        shutil.copytree(before, lake)
        zombie = workers.start(job(lake=str(lake), action="lane", at=at, signal=signal.SIGSTOP))
        assert workers.until_stopped(zombie)
        lake_at(lake.name, **ONE_LANE).lane(source, 0)
        zombies.append((lake, zombie))
    for write in second:
        write.show(place)
    for lake, zombie in zombies:
        lake_at(lake.name, **ONE_LANE).land(source, place)
        os.kill(zombie.pid, signal.SIGCONT)
        assert workers.wait(zombie) == 0
        same(source, place, lake.name)


def storm(source: str, seed: int, tmp_path: Path, workers: Any, *, events: int, parts: int, reverse: bool) -> Path:
    """Landers, planners and lane workers at once on one lake; most are killed after a random time."""
    rng = random.Random(seed)
    place, lake = tmp_path / "bucket", tmp_path / "lake"
    steps = world(source, seed, events=events, parts=parts)
    if reverse:
        steps = [[w for w in reversed(step) if not w.append] + [w for w in step if w.append] for step in steps[::-1]]
        steps = sorted(steps, key=lambda step: any(w.append for w in step))
    job = partial(Job, lake=str(lake), source=source, place=str(place), options=SMALL)
    for step in steps:
        for write in step:
            write.show(place)
            if rng.random() < 0.02:
                workers.start(job(action="plan"))
        crowd = [workers.start(job(action=rng.choice(["land", "land", "plan", "lane"]), lane=rng.randrange(2)))]
        crowd += [workers.start(job(action="land", at=rng.randrange(25))) for _ in range(2)]
        for process in crowd:
            time.sleep(rng.uniform(0, 0.3))
            if rng.random() < 0.7:
                process.kill()
    for process in workers.started:
        workers.wait(process)
    for _ in range(2):  # an open plan ends where its object ended; what grew since, the next run plans
        assert workers.run(job(action="land")) == 0
    return place


@pytest.mark.parametrize(("source", "reverse"), [(WHOLE, True), (GROWING, False)])
def test_many_at_once_killed_at_random(source, reverse, tmp_path, workers, same):
    place = storm(source, 11, tmp_path, workers, events=100, parts=8, reverse=reverse)
    same(source, place, "lake")


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("source", PLACES)
def test_many_at_once_killed_at_random_long(source, seed, tmp_path, workers, same):
    place = storm(source, 100 + seed, tmp_path, workers, events=600, parts=25, reverse=seed % 2 == 1)
    same(source, place, "lake")


def test_two_planners(tmp_path, workers, same):
    """Planners at once over one growing folder plan no object twice."""
    place = tmp_path / "bucket"
    job = partial(Job, lake=str(tmp_path / "lake"), source=GROWING, place=str(place), options=SMALL)
    for step in world(GROWING, 6, events=80, parts=4):
        for write in step:
            write.show(place)
        planners = [workers.start(job(action="plan")) for _ in range(3)]
        assert [workers.wait(p) for p in planners] == [0, 0, 0]
        assert workers.run(job(action="land")) == 0
    same(GROWING, place, "lake")
