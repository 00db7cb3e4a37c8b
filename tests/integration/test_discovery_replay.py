"""A trail arrives object by object, in delivery order, with polls in between: everything lands, once."""

from __future__ import annotations

import gzip
import json
import os
import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from stand_ins import EACH, PLACES

from infra.local.simulate import Simulation, apply
from transforms.land import land_lane, plan

REAL = Path(__file__).resolve().parents[3] / "shared/samples/aws_cloudtrail/sans504_s3ransom"
POLLS = 60
END = datetime(2026, 11, 20, tzinfo=UTC)


class Poller:
    """Plans and lands as a scheduler's tasks do."""

    def __init__(self, settings, source: str, place: Path) -> None:
        self.settings, self.source, self.place = settings, source, place
        self.objects = self.records = 0

    def poll(self) -> int:
        planned = plan(self.settings, self.source, str(self.place))
        self.objects += planned.objects
        done = sum(land_lane(self.settings, self.source, lane).records for lane in planned.lanes)
        self.records += done
        return done


def batches(count: int, polls: int, seed: int) -> list[tuple[int, int]]:
    """`count` things in `polls` batches of random size, as (from, to)."""
    cuts = sorted(random.Random(seed).sample(range(1, count), polls - 1))
    return list(zip([0, *cuts], [*cuts, count], strict=True))


def delivered(path: Path) -> tuple[str, float]:
    """The time in a CloudTrail object's name, then its own."""
    found = re.search(r"_(\d{8}T\d{4}Z)_", path.name)
    return (found.group(1) if found else "", path.stat().st_mtime)


def trail_object(root: Path, key: str, name: str, day: str) -> Path:
    record = {"eventID": name, "eventTime": f"{day}T00:00:00Z", "recipientAccountId": "111122223333"}
    path = root / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(json.dumps({"Records": [record]}).encode()))
    return path


@pytest.mark.skipif(not REAL.is_dir(), reason="the real trail is not beside this checkout (../shared/samples)")
def test_a_real_trail_object_by_object(settings, lake, tmp_path):
    files = sorted((p for p in REAL.rglob("*") if p.is_file()), key=delivered)
    assert len(files) == 2395
    root = tmp_path / "bucket"
    poller = Poller(settings, "aws_cloudtrail", root)
    for first, last in batches(len(files), POLLS, 1):
        for path in files[first:last]:
            copy = root / path.relative_to(REAL)
            copy.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, copy) if path.stat().st_dev == tmp_path.stat().st_dev else copy.write_bytes(path.read_bytes())
        poller.poll()
    assert (poller.objects, poller.records) == (2395, 19_624)
    assert len(lake.bronze("aws_cloudtrail")) == 19_624
    assert lake.quarantine() == []
    assert poller.poll() == 0

    newest = files[-1].relative_to(REAL)
    account = next(part for part in newest.parts if part.isdigit() and len(part) == 12)
    stem = newest.name.rpartition("_")[0]
    later = [
        f"{newest.parent}/{stem}_0000000000000000.json.gz",
        str(newest).replace(account, "111122223333"),
        re.sub(r"CloudTrail/[a-z0-9-]+/", "CloudTrail/mx-central-1/", str(newest)),
    ]
    for key in later:
        assert not (root / key).exists()
        trail_object(root, key, key, "2021-07-30")
        assert poller.poll() == 1, key
    assert len(lake.bronze("aws_cloudtrail")) == 19_627
    assert poller.poll() == 0


def grow(root: Path, lines: list[bytes], ends: list[int], poller: Poller) -> None:
    """One activity blob that is written in pieces, polled after each."""
    blob = root / "resourceId=/SUBSCRIPTIONS/B/y=2026/m=11/d=20/h=00/m=00/PT1H.json"
    blob.parent.mkdir(parents=True, exist_ok=True)
    text = b"".join(lines)
    for start, end in zip([0, *ends], [*ends, len(text)], strict=True):
        with blob.open("ab") as appended:
            appended.write(text[start:end])
        poller.poll()


def test_a_blob_grown_after_the_marker(settings, lake, tmp_path):
    lines = [
        json.dumps({"time": "2026-11-20T00:00:00Z", "eventDataId": f"{n}", "text": "x" * (n % 50)}).encode() + b"\n"
        for n in range(500)
    ]
    size = sum(map(len, lines))
    ends = sorted(random.Random(2).sample(range(1, size), 15))
    grow(tmp_path / "bucket", lines, ends, Poller(settings, "azure_activity", tmp_path / "bucket"))
    assert [raw.encode() + b"\n" for _, _, raw in lake.bronze("azure_activity")] == lines
    assert [number for _, number, _ in lake.bronze("azure_activity")] == list(range(500))
    assert lake.quarantine() == []


@pytest.mark.parametrize("source", EACH)
def test_a_simulated_organisation_object_by_object(source, settings, lake, tmp_path):
    """The same on what the simulation delivers: redelivered, late, and growing by pieces that end anywhere."""
    simulation = Simulation(seed=9, days=4, end=END, events_per_day=400, sources=[source], chains=False)
    deliveries = list(simulation.deliveries())
    expected = sum(d.records for d in deliveries)
    assert expected > 300
    poller = Poller(settings, source, tmp_path / PLACES[source])
    first = apply(tmp_path, deliveries.pop(0))
    poller.poll()
    for start, end in batches(len(deliveries), 20, 3):
        for delivery in deliveries[start:end]:
            apply(tmp_path, delivery)
        poller.poll()
    assert poller.records == len(lake.bronze(source)) == expected
    assert len({(uri, number) for uri, number, _ in lake.bronze(source)}) == expected
    assert lake.quarantine() == []
    assert poller.poll() == 0
    assert first.exists()


def test_days_that_pass_cost_what_is_new(settings, tmp_path):
    """Days of a trail one after the other: each poll finds its day's objects, and the idle one nothing."""
    poller = Poller(settings, "aws_cloudtrail", tmp_path / "bucket")
    for back in range(14, -1, -1):
        day = END - timedelta(days=back)
        for region in ("eu-west-1", "us-east-1"):
            key = f"AWSLogs/111122223333/CloudTrail/{region}/{day:%Y/%m/%d}/{region}.json.gz"
            trail_object(tmp_path / "bucket", key, key, f"{day:%Y-%m-%d}")
        assert poller.poll() == 2
        assert poller.poll() == 0
