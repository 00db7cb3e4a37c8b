"""What waits for a source is judged by its event time, as the detection's own input tables have consumed it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from detections import Record, arrive, at, call, console_login, okta, project, select, settings_of

from transforms.lake.table import Lake
from transforms.land import land
from transforms.settings import Settings
from transforms.warehouse.runner import DetectResult, build, detect
from transforms.warehouse.watermarks import watermark_txn

pytestmark = pytest.mark.xdist_group("dbt-lake")
ABSENCE, STATE = "det_cross__console_login_without_idp", "det_okta__user_without_factor"
MORNING = at("2026-03-02 10:00")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WAIT = 65 * MINUTE
LOGIN = console_login("c1", MORNING, "ivan@example.com")
RESET = okta("r1", MORNING, "user.mfa.factor.reset_all", "erin@example.com", target="dave@example.com")


def sso(uid: str, when: datetime, who: str = "erin@example.com") -> Record:
    return okta(uid, when, "user.authentication.sso", who)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return project(tmp_path_factory.mktemp("watermark") / "project", [ABSENCE, STATE])


@pytest.fixture
def step(small: Path, tmp_path: Path) -> Callable[..., DetectResult]:
    """Land records, build and detect, on one lake."""
    count = 0

    def run(*records: Record) -> DetectResult:
        nonlocal count
        count += 1
        return arrive(settings_of(tmp_path / "lake", small), tmp_path / "in", f"step-{count}", records)

    return run


@pytest.fixture
def settings(small: Path, tmp_path: Path) -> Settings:
    return settings_of(tmp_path / "lake", small)


def found(settings: Settings, model: str = ABSENCE) -> list[tuple[Any, ...]]:
    query = f"select revision_kind, status from findings.findings where analytic_uid = '{model}'"
    return [tuple(row.values()) for row in select(settings, query)]


def judged_at(settings: Settings, model: str = ABSENCE) -> int:
    return Lake(settings).table("findings/findings").open().progress(watermark_txn(model, "okta_system_log"))


def test_what_is_pending_fires_when_only_others_of_the_source_arrive(
    step: Callable[..., DetectResult], settings: Settings
) -> None:
    step(sso("o1", MORNING))
    step(LOGIN)
    assert found(settings) == []
    assert judged_at(settings) == int(MORNING.timestamp())
    # Neither a sign-on nor an authentication at all: another class of Okta's. A second short of the wait, then on it.
    profile = "user.account.update_profile"
    step(okta("o2", MORNING + WAIT - timedelta(seconds=1), profile, "fay@example.com"))
    assert found(settings) == []
    last = step(okta("o3", MORNING + WAIT, profile, "fay@example.com"))
    assert found(settings) == [("create", "New")]
    assert judged_at(settings) == int((MORNING + WAIT).timestamp())
    assert last.created == 1
    late = step(sso("o4", MORNING - MINUTE, "ivan@example.com"))
    assert (late.withdrawn, found(settings)) == (1, [("withdrawn", "Resolved")])
    again = detect(settings)
    assert (again.created, again.updated, again.withdrawn, again.seen.rows) == (0, 0, 0, 0)


def test_nothing_is_judged_while_the_source_is_silent(step: Callable[..., DetectResult], settings: Settings) -> None:
    step(LOGIN)
    step(call("e1", MORNING + 30 * DAY, "DescribeVpcs"))  # the clock of another source goes on
    assert found(settings) == []
    assert judged_at(settings) == -1
    # Its first record ever is enough, however old what was pending is.
    step(sso("o1", MORNING + 90 * DAY))
    assert found(settings) == [("create", "New")]


def test_bronze_that_no_input_table_has_consumed_moves_no_watermark(
    step: Callable[..., DetectResult], settings: Settings, tmp_path: Path
) -> None:
    step(sso("o1", MORNING), LOGIN)
    folder = tmp_path / "in" / "okta_system_log"
    (folder / "unbuilt.json").write_text(json.dumps([sso("o2", MORNING + DAY)[1]]))
    land(settings, "okta_system_log", str(folder))
    assert detect(settings).failed == {}
    assert found(settings) == []
    assert judged_at(settings) == int(MORNING.timestamp())
    assert build(settings).failed == {}
    assert detect(settings).failed == {}
    assert found(settings) == [("create", "New")]


def test_a_state_counts_once_it_has_lasted_by_the_source(step: Callable[..., DetectResult], settings: Settings) -> None:
    step(RESET)
    step(sso("o1", MORNING + DAY - timedelta(seconds=1)))
    assert found(settings, STATE) == []
    step(sso("o2", MORNING + DAY))
    assert found(settings, STATE) == [("create", "New")]
    mended = okta("m1", MORNING + 2 * DAY, "user.mfa.factor.activate", "dave@example.com", target="dave@example.com")
    assert step(mended).resolved == 1
    assert found(settings, STATE) == [("resolved", "Resolved")]
    [closed] = select(settings, "select activity_id, type_uid, count, is_alert, actor_user_name from findings.findings")
    assert closed == {
        "activity_id": 3, "type_uid": 200403, "count": 2, "is_alert": False, "actor_user_name": "erin@example.com"
    }  # fmt: skip
    # It was mended within the hour after all: so it never was wrong for a day.
    sooner = okta("m0", MORNING + MINUTE, "user.mfa.factor.activate", "dave@example.com", target="dave@example.com")
    assert step(sooner).withdrawn == 1
    assert found(settings, STATE) == [("withdrawn", "Resolved")]
