"""Nothing is silently missed: a source that stops, a column that goes null, a record in quarantine and a detection that
fails each make their hours BLIND, and these are CLEAN again once it is mended."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from transforms import quarantine
from transforms.land import land
from transforms.report import status
from transforms.settings import REPOSITORY, Settings
from transforms.warehouse.query import rows
from transforms.warehouse.runner import build, correlate, detect

pytestmark = [pytest.mark.xdist_group("dbt-lake"), pytest.mark.slow]
START = datetime(2026, 3, 2, tzinfo=UTC)
HOURS = 240
A, B = "111122223333", "444455556666"
TAMPERED, SILENT = "det_aws__audit_logging_tampered", "det_health__source_silent"
Interval = tuple[str, int, int, str | None]
"""State, first hour and end (exclusive), counted from START, and the reason."""


def project(folder: Path) -> Path:
    """A copy of the project with the health models, one detection of a vendor, and the one of silence."""
    shutil.copytree(REPOSITORY / "dbt_project", folder, ignore=shutil.ignore_patterns("target", "logs"))
    for path in (folder / "models" / "detections").rglob("*.*"):
        if path.stem not in (TAMPERED, SILENT):
            path.unlink()
    for part in ("rollups", "marts", "sdlc"):
        for path in (folder / "models" / part).rglob("*.*"):
            if "health" not in str(path.relative_to(folder)):
                path.unlink()
    return folder


def trail(
    folder: Path, name: str, account: str, hours: Iterable[int], *, each: int = 4, arn: bool = True, pad: int = 0
) -> None:
    """Events of an account, `each` an hour, one object a day; without the caller's identity where `arn` is false."""
    by_day: dict[str, list[dict[str, Any]]] = {}
    for hour in hours:
        for n in range(each):
            at = START + timedelta(hours=hour, minutes=7 * n + 1)
            who = {"type": "IAMUser", "arn": f"arn:aws:iam::{account}:user/a", "userName": "a"}
            event = {
                "eventID": f"{account}-{hour}-{n}",
                "eventTime": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "eventName": "DescribeInstances",
                "eventSource": "ec2.amazonaws.com",
                "recipientAccountId": account,
                "awsRegion": "eu-central-1",
                "sourceIPAddress": "192.0.2.7",
                "userIdentity": who if arn else {"type": "Unknown"},
            }
            if pad:
                event["userAgent"] = "x" * pad
            by_day.setdefault(f"{at:%Y/%m/%d}", []).append(event)
    for day, events in by_day.items():
        path = folder / "AWSLogs" / account / "CloudTrail" / "eu-central-1" / day / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"Records": events}))


@pytest.fixture(scope="module")
def ten_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a lake in which two accounts spoke in every hour of ten days, and the project it was built with."""
    place = tmp_path_factory.mktemp("health")
    project(place / "project")
    for account in (A, B):
        trail(place / "in", "first", account, range(HOURS))
    run(lake_in(place), place / "in")
    return place


@pytest.fixture
def place(ten_days: Path, tmp_path: Path) -> Path:
    """A copy of it, for one test."""
    for part in ("lake", "project"):
        shutil.copytree(ten_days / part, tmp_path / part)
    return tmp_path


def lake_in(place: Path) -> Settings:
    environment = {"CATCHMENT_DBT_PROJECT": str(place / "project")}
    return Settings(lake=str(place / "lake"), environment=environment, workers=1)


def run(settings: Settings, folder: Path | None = None) -> None:
    """Land what is new, build, correlate and detect; everything must succeed."""
    if folder is not None:
        land(settings, "aws_cloudtrail", str(folder))
    for step in (build, correlate, detect):
        assert step(settings).failed == {}


def sql(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    _, blocks = rows(settings, query)
    return [row for block in blocks for row in block]


def intervals(settings: Settings, account: str, detection: str = TAMPERED) -> list[Interval]:
    found = sql(
        settings,
        f"""
        select state, start_dt, end_dt, reason from marts.health_detection
        where detection = '{detection}' and account_uid = '{account}' order by start_dt
        """,
    )
    return [(state, _hour(start), _hour(end), reason) for state, start, end, reason in found]


def _hour(at: datetime) -> int:
    return int((at - START).total_seconds() // 3600)


def test_all_is_clean_where_nothing_is_wrong(ten_days: Path) -> None:
    settings = lake_in(ten_days)
    for account in (A, B):
        for detection in (TAMPERED, SILENT):
            assert intervals(settings, account, detection) == [("CLEAN", 0, HOURS, None)]
    hours = sql(settings, "select state, count(*), count(distinct hour_dt) from marts.health_detection_hour group by 1")
    assert hours == [("CLEAN", 4 * HOURS, HOURS)]
    assert sql(settings, "select account_uid, rows_count, rows_day, usual_day from marts.health_source order by 1") == [
        (A, 960, 96, 96),
        (B, 960, 96, 96),
        (None, 1920, 192, 192),
    ]
    (row,) = status(settings)
    assert (row["silent_accounts"], row["quarantine_open"], row["blind_detections"]) == (0, 0, 0)
    ymls = sorted((REPOSITORY / "dbt_project" / "models" / "marts" / "health").glob("health_*.yml"))
    assert len(ymls) >= 8
    for path in ymls:
        declared = [(c["name"], c["data_type"]) for c in yaml.safe_load(path.read_text())["models"][0]["columns"]]
        told = sql(settings, f"select column_name, column_type from (describe marts.{path.stem})")
        assert [(n, str(k).lower().replace(" with time zone", "tz")) for n, k in told] == declared, path.stem


def test_an_account_that_stops_is_blind_and_a_finding_until_its_late_rows_come(place: Path) -> None:
    settings = lake_in(place)
    trail(place / "in", "on", A, range(HOURS, HOURS + 40))
    run(settings, place / "in")
    assert intervals(settings, A) == [("CLEAN", 0, HOURS + 40, None)]
    assert intervals(settings, B) == [
        ("CLEAN", 0, HOURS, None),
        ("BLIND", HOURS, HOURS + 40, "aws_cloudtrail was silent"),
    ]
    assert sql(settings, "select account_uid from marts.health_source where silent_since_dt is not null") == [(B,)]
    (row,) = status(settings)
    assert (row["silent_accounts"], row["blind_detections"]) == (1, 2)
    standing = "select analytic_uid, cloud_account_uid, revision_kind, evidence_event_uids from findings.findings"
    [(detection, account, kind, evidence)] = sql(settings, standing)
    assert (detection, account, kind) == (SILENT, B, "create")
    last_words = f"select event_uid from ocsf.api_activity where cloud_account_uid = '{B}' and time_dt >= "
    assert set(evidence) <= {uid for (uid,) in sql(settings, last_words + f"'{START + timedelta(hours=HOURS - 1)}'")}
    trail(place / "in", "late", B, range(HOURS, HOURS + 40))
    run(settings, place / "in")
    assert intervals(settings, B) == [("CLEAN", 0, HOURS + 40, None)]
    assert [kind for _, _, kind, _ in sql(settings, standing)] == ["withdrawn"]
    assert status(settings)[0]["silent_accounts"] == 0


def test_a_column_that_goes_null_blinds_what_needs_it_while_it_lasts(place: Path) -> None:
    settings = lake_in(place)
    for account in (A, B):
        trail(place / "in", "null", account, range(HOURS, HOURS + 5), arn=False)
        trail(place / "in", "mended", account, range(HOURS + 5, HOURS + 9))
    run(settings, place / "in")
    for account in (A, B):
        first, blind, after = intervals(settings, account)
        assert first == ("CLEAN", 0, HOURS, None)
        assert blind[:3] == ("BLIND", HOURS, HOURS + 5)
        assert "actor_user_uid was null in all rows of aws_cloudtrail" in str(blind[3])
        assert after == ("CLEAN", HOURS + 5, HOURS + 9, None)
    assert {interval[0] for interval in intervals(settings, A, SILENT)} == {"CLEAN"}  # it needs no such column


def test_a_record_in_quarantine_blinds_its_day_until_it_is_replayed(place: Path) -> None:
    settings = lake_in(place)
    trail(place / "in", "long", A, [30], each=1, pad=5000)
    trail(place / "in", "on", B, [HOURS])
    run(replace(settings, max_record_bytes=2000), place / "in")
    reason = "aws_cloudtrail has records in quarantine"
    for account in (A, B):  # what cannot be read names no account
        assert ("BLIND", 24, 48, reason) in intervals(settings, account)
    assert status(settings)[0]["quarantine_open"] == 1
    assert quarantine.replay(settings, "aws_cloudtrail").replayed == 1
    run(settings)
    assert intervals(settings, B) == [("CLEAN", 0, HOURS + 1, None)]
    assert status(settings)[0]["quarantine_open"] == 0


def test_a_detection_that_fails_is_blind_to_what_it_did_not_read(place: Path) -> None:
    settings = lake_in(place)
    [path] = (place / "project" / "models" / "detections").rglob(f"{TAMPERED}.sql")
    working = path.read_text()
    for account in (A, B):
        trail(place / "in", "on", account, range(HOURS, HOURS + 3))
    land(settings, "aws_cloudtrail", str(place / "in"))
    assert build(settings).failed == {}
    assert correlate(settings).failed == {}
    assert intervals(settings, A)[-1] == ("BLIND", HOURS, HOURS + 3, "not judged yet")
    path.write_text("select * from nowhere -- {{ ref('ocsf_api_activity') }}")
    assert set(detect(settings).failed) == {TAMPERED}
    for account in (A, B):
        clean, blind = intervals(settings, account)
        assert clean == ("CLEAN", 0, HOURS, None)
        assert blind[:3] == ("BLIND", HOURS, HOURS + 3)
        assert "the detection fails since" in str(blind[3])
        assert intervals(settings, account, SILENT) == [("CLEAN", 0, HOURS + 3, None)]
    assert status(settings)[0]["blind_detections"] == 1
    path.write_text(working)
    assert detect(settings).failed == {}
    assert intervals(settings, A) == [("CLEAN", 0, HOURS + 3, None)]


def test_the_sums_are_the_same_in_any_order(place: Path, tmp_path: Path, lake_at: Callable[..., Any]) -> None:
    """Parts of rollups that arrive late, and twice, add up to what one run gives."""
    settings = lake_in(place)
    for n, hours in enumerate((range(HOURS + 6, HOURS + 9), range(HOURS, HOURS + 3), range(HOURS + 3, HOURS + 6))):
        trail(place / "in", f"part{n}", A, hours)
        trail(place / "in", f"again{n}", A, hours)
        run(settings, place / "in")
    clean = Settings(lake=str(tmp_path / "clean"), environment=settings.environment, workers=1)
    for account, until in ((A, HOURS + 9), (B, HOURS)):
        trail(tmp_path / "once", "all", account, range(until))
    run(clean, tmp_path / "once")
    sums = """
        select source, account_uid, class_name, hour_dt, rows_count, unmapped_count, collision_count, ahead_count,
            first_event_dt, last_event_dt, event_uid
        from rollups.health_source_hour order by all
        """
    both = [sql(lake, sums) for lake in (settings, clean)]
    assert both[0] == both[1]
    assert len(both[0]) == 2 * HOURS + 9
    for account in (A, B):
        assert intervals(settings, account) == intervals(clean, account)
