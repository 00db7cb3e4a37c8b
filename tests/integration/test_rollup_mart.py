"""Rollups and marts on a real lake: whatever arrives when, they are what one run over everything gives."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from transforms.errors import ConfigError
from transforms.lake.table import Lake
from transforms.land import land
from transforms.settings import REPOSITORY, Settings
from transforms.warehouse.query import rows
from transforms.warehouse.runner import CorrelateResult, build, correlate

pytestmark = pytest.mark.xdist_group("dbt-lake")
ROLLUP = """
select
    cloud_account_uid,
    time_dt as first_dt,
    time_dt as last_dt,
    count(*) as events,
    event_date
from {{ new_rows(ref('ocsf_api_activity')) }}
group by all
"""
MART = """
with parts as (
    select * from {{ seen_rows(ref('rollup_calls')) }}
),

days as (
    select event_date, cast(sum(events) as bigint) as events from parts group by event_date
)

select
    days.event_date,
    days.events,
    cast(coalesce(sum(earlier.events), 0) as bigint) as events_before
from days
left join days as earlier
    on earlier.event_date < days.event_date and earlier.event_date >= days.event_date - interval 2 day
group by days.event_date, days.events
"""
WHOLE = "select cast(requirement_id as varchar) as requirement_id from {{ ref('requirements') }}"
VIEW = """
select d.event_date, d.events + d.events_before as three_days, (select count(*) from {{ ref('known') }}) as known
from {{ ref('calls_day') }} as d
"""
YML = """
version: 2
models:
  - name: rollup_calls
    columns:
      - {name: cloud_account_uid, data_type: varchar}
      - {name: first_dt, data_type: timestamptz, config: {meta: {fold: min}}}
      - {name: last_dt, data_type: timestamptz, config: {meta: {fold: max}}}
      - {name: events, data_type: bigint, config: {meta: {fold: sum}}}
      - {name: event_date, data_type: date}
  - name: calls_day
    config: {meta: {lookback_days: 2, lookahead_days: 0}}
    columns:
      - {name: event_date, data_type: date}
      - {name: events, data_type: bigint}
      - {name: events_before, data_type: bigint}
  - name: known
    config: {meta: {whole: true}}
    columns: [{name: requirement_id, data_type: varchar}]
  - name: three_days
    config: {materialized: lake_view}
"""


def project(folder: Path, **replaced: str) -> Path:
    """A copy of the project with these models and no other rollup, mart or detection."""
    texts = {"rollup": ROLLUP, "mart": MART, "whole": WHOLE, "view": VIEW, "yml": YML} | replaced
    shutil.copytree(REPOSITORY / "dbt_project", folder, ignore=shutil.ignore_patterns("target", "logs"))
    for part in ("rollups", "marts", "sdlc", "detections"):
        shutil.rmtree(folder / "models" / part, ignore_errors=True)
    for path, text in {
        "rollups/rollup_calls.sql": texts["rollup"],
        "marts/calls_day.sql": texts["mart"],
        "marts/known.sql": texts["whole"],
        "marts/three_days.sql": texts["view"],
        "marts/all.yml": texts["yml"],
    }.items():
        (folder / "models" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "models" / path).write_text(text)
    return folder


def trail(folder: Path, name: str, days: list[int]) -> None:
    """One object with an event on each of the given days of March."""
    folder.mkdir(parents=True, exist_ok=True)
    events = [
        {
            "eventID": f"{name}-{n}",
            "eventTime": f"2026-03-{day:02d}T10:{n % 60:02d}:00Z",
            "eventName": "RunInstances",
            "eventSource": "ec2.amazonaws.com",
            "recipientAccountId": "111122223333",
            "awsRegion": "eu-central-1",
            "sourceIPAddress": "192.0.2.7",
            "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/a"},
        }
        for n, day in enumerate(days)
    ]
    (folder / f"{name}.json").write_text(json.dumps({"Records": events}))


@pytest.fixture
def on(tmp_path: Path) -> Callable[..., Settings]:
    """Makes lakes that use the small project: `on(name, **models)`."""

    def make(name: str, **models: str) -> Settings:
        folder = tmp_path / f"project-{name}"
        environment = {"CATCHMENT_DBT_PROJECT": str(folder if folder.exists() else project(folder, **models))}
        return Settings(lake=str(tmp_path / name), environment=environment, workers=1)

    return make


def sql(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    _, blocks = rows(settings, query)
    return [row for block in blocks for row in block]


def arrive(settings: Settings, folder: Path) -> CorrelateResult:
    land(settings, "aws_cloudtrail", str(folder))
    assert build(settings).failed == {}
    done = correlate(settings)
    assert done.failed == {}
    return done


def content(settings: Settings) -> dict[str, Counter[tuple[Any, ...]]]:
    names = ("rollups.calls", "marts.calls_day", "marts.known", "marts.three_days")
    return {name: Counter(sql(settings, f"select * from {name}")) for name in names}


def test_any_order_gives_what_one_run_gives(on: Callable[..., Settings], tmp_path: Path) -> None:
    random.seed(3)
    objects = {f"o{n}": [random.randrange(1, 9) for _ in range(random.randrange(1, 12))] for n in range(6)}
    settings = on("parts")
    for name in sorted(objects, key=lambda _: random.random()):
        trail(tmp_path / "in", name, objects[name])
        arrive(settings, tmp_path / "in")
    clean = on("clean")
    arrive(clean, tmp_path / "in")
    found = content(settings)
    assert found == content(clean)
    counts = Counter(day for days in objects.values() for day in days)
    assert {(day.day, n, before) for day, n, before in sql(settings, "from marts.calls_day")} == {
        (day, n, counts[day - 1] + counts[day - 2]) for day, n in counts.items()
    }
    assert len(found["marts.known"]) == 68
    assert len(Lake(settings).table("rollups/calls").open().files()) > len(counts)  # parts, folded by the view


def test_nothing_new_changes_nothing_and_a_late_row_opens_only_its_days(
    on: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = on("lake")
    trail(tmp_path / "in", "first", [1, 2, 3, 4, 5, 6, 7])
    first = arrive(settings, tmp_path / "in")
    assert first.replaced == 8  # seven days, and the small table without any
    versions = {name: Lake(settings).table(name).open().version for name in ("rollups/calls", "marts/calls_day")}
    again = correlate(settings)
    assert (again.rolled, again.replaced, again.new.rows) == (0, 0, 0)
    assert versions == {name: Lake(settings).table(name).open().version for name in versions}
    trail(tmp_path / "in", "late", [2])
    late = arrive(settings, tmp_path / "in")
    assert late.replaced == 3
    assert late.new.rows == 2  # one class row, one part
    changed = sql(settings, "select event_date, events, events_before from marts.calls_day order by 1")
    assert [(day.day, n, before) for day, n, before in changed] == [
        (1, 1, 0), (2, 2, 1), (3, 1, 3), (4, 1, 3), (5, 1, 2), (6, 1, 2), (7, 1, 2)
    ]  # fmt: skip


def test_a_mart_that_fails_keeps_its_place_and_holds_up_no_other(on: Callable[..., Settings], tmp_path: Path) -> None:
    settings = on("lake", mart="select event_date, 1 as events from {{ seen_rows(ref('rollup_calls')) }}")
    trail(tmp_path / "in", "first", [1, 2])
    land(settings, "aws_cloudtrail", str(tmp_path / "in"))
    assert build(settings).failed == {}
    done = correlate(settings)
    assert set(done.failed) == {"calls_day", "three_days"}
    assert "missing ['events_before']" in done.failed["calls_day"]
    assert "events is INTEGER, not BIGINT" in done.failed["calls_day"]
    assert len(sql(settings, "from marts.known")) == 68
    with pytest.raises(ConfigError):
        sql(settings, "from marts.three_days")
    (tmp_path / "project-lake" / "models" / "marts" / "calls_day.sql").write_text(MART)
    assert correlate(settings).failed == {}
    assert len(sql(settings, "from marts.three_days")) == 2


def test_large_history_is_worked_off_in_parts(on: Callable[..., Settings], tmp_path: Path) -> None:
    for n in range(5):
        trail(tmp_path / "in", f"o{n}", [n + 1, n + 2, n + 3])
    whole = on("whole")
    arrive(whole, tmp_path / "in")
    small = on("small")
    arrive(Settings(lake=small.lake, environment=small.environment, workers=1, batch_bytes=1), tmp_path / "in")
    assert content(small) == content(whole)


SAME_DAY = """
with parts as (
    select * from {{ seen_rows(ref('rollup_calls')) }}
),

calls as (
    select event_date, count(*) as events from {{ seen_rows(ref('ocsf_api_activity')) }} group by event_date
)

select
    calls.event_date,
    calls.events,
    cast(coalesce(sum(parts.events), 0) as bigint) as events_before
from calls
left join parts on parts.event_date < calls.event_date and parts.event_date >= calls.event_date - interval 2 day
group by calls.event_date, calls.events
"""


def test_the_events_behind_a_day_are_read_for_that_day_alone(on: Callable[..., Settings], tmp_path: Path) -> None:
    yml = YML.replace("lookahead_days: 0", "lookahead_days: 0, same_day: [ocsf_api_activity]")
    settings = on("lake", mart=SAME_DAY, yml=yml)
    trail(tmp_path / "in", "first", [1, 2, 3, 4, 5, 6, 7])
    arrive(settings, tmp_path / "in")
    trail(tmp_path / "in", "late", [2])
    late = arrive(settings, tmp_path / "in")
    # day 2 and the two after it; their events (2, 1, 1), and the parts from two days before on (1, 2, 1, 1)
    assert late.replaced == 3
    assert late.seen.rows == 4 + 5
    clean = on("clean", mart=SAME_DAY, yml=yml)
    arrive(clean, tmp_path / "in")
    assert content(settings) == content(clean)


def test_a_same_day_input_must_be_an_input(on: Callable[..., Settings], tmp_path: Path) -> None:
    yml = YML.replace("lookahead_days: 0", "lookahead_days: 0, same_day: [ocsf_authentication]")
    settings = on("lake", yml=yml)
    trail(tmp_path / "in", "first", [1])
    land(settings, "aws_cloudtrail", str(tmp_path / "in"))
    assert build(settings).failed == {}
    assert "['ocsf/authentication'] are no inputs" in correlate(settings).failed["calls_day"]
