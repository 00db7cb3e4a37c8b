"""For each of the seven shapes one real detection on a real lake: rows that arrive late, in every bad order, give the
findings of a clean run that sees everything at once, but for those that were withdrawn on the way.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from detections import ACCOUNT, Record, arrive, at, call, console_login, okta, project, select, settings_of

from transforms.settings import Settings
from transforms.warehouse import detect

pytestmark = [pytest.mark.xdist_group("dbt-lake"), pytest.mark.slow]
DETECTIONS = {
    "event": "det_okta__mfa_reset",
    "threshold": "det_aws__access_denied_burst",
    "sequence": "det_aws__user_data_swapped",
    "first_seen": "det_aws__new_network_for_principal",
    "anomaly": "det_aws__api_rate_out_of_baseline",
    "state": "det_aws__trail_not_logging",
    "absence": "det_cross__console_login_without_idp",
}
RUN = {"created_dt", "modified_dt", "revision", "revision_kind", "activity_id", "type_uid", "is_alert"}
"""What depends on when a finding was computed, and how often."""
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
MONDAY = at("2026-03-02 00:00")
MORNING = MONDAY + 10 * HOUR


def user(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:user/{name}"


def trail(uid: str, when: Any, operation: str, name: str) -> Record:
    return call(uid, when, operation, service="cloudtrail", arn=user("dave"), request={"name": name})


def denials(minutes: Sequence[int]) -> list[Record]:
    return [
        call(f"t{n}", MORNING + n * MINUTE, "GetRole", service="iam", arn=user("bob"), error="AccessDenied")
        for n in minutes
    ]


def swap(number: int, offset: int) -> tuple[Record, Record]:
    instance, when = f"i-{number:017x}", MORNING + offset * MINUTE
    stop = {"instancesSet": {"items": [{"instanceId": instance}]}}
    change = {"instanceId": instance, "userData": "<sensitiveDataRemoved>"}
    return (
        call(f"s{number}a", when, "StopInstances", arn=user("carol"), request=stop),
        call(f"s{number}b", when + 20 * MINUTE, "ModifyInstanceAttribute", arn=user("carol"), request=change),
    )


def calls(name: str, day: int, numbers: Sequence[int]) -> list[Record]:
    start = MONDAY + day * DAY
    return [call(f"a{name}{day}-{n}", start + n * MINUTE, "ListRoles", service="iam", arn=user(name)) for n in numbers]


def visit(uid: str, day: int, ip: str) -> Record:
    return call(uid, MORNING + day * DAY, "DescribeVpcs", arn=user("frank"), ip=ip)


FIRST, SECOND = swap(1, 0), swap(2, 50)
SCENES: dict[str, tuple[list[Record], list[Record], list[Record]]] = {
    # what arrives in time, late, and last: the worst order for each shape
    "event": (
        [okta("o1", MORNING + 30 * MINUTE, "user.mfa.factor.reset_all", "erin@example.com", target="d@example.com")],
        [okta("o2", MORNING, "user.mfa.factor.deactivate", "erin@example.com", target="d@example.com")],
        [okta("o3", MORNING - MINUTE, "user.mfa.factor.deactivate", "erin@example.com", target="d@example.com")],
    ),
    # 16 in a trailing hour across the bucket's boundary, the middle last
    "threshold": (denials(range(50, 56)), denials(range(62, 68)), denials(range(56, 60))),
    # the change before the stop, and a pair over midnight of its hour in two runs
    "sequence": ([FIRST[1], SECOND[0]], [FIRST[0]], [SECOND[1]]),
    # known for a week in one network; the second one is new on day 12, until a late row shows it on day 11
    "first_seen": (
        [visit("f0", 0, "198.51.100.7"), visit("f12", 12, "203.0.113.5")],
        [visit("f13", 13, "203.0.113.9")],
        [visit("f11", 11, "203.0.113.7")],
    ),
    # gina: 520 on the second Monday, nothing strange once the week before is known. hal: strange, in two parts
    "anomaly": (
        [*calls("gina", 0, range(5)), *calls("gina", 7, range(520)),
         *calls("hal", 0, range(5)), *calls("hal", 8, range(300))],
        calls("hal", 8, range(300, 560)),
        [*calls("gina", 2, range(400)), *calls("hal", 4, range(10))],
    ),
    # main: off, on again after 2 hours. spare: on again within the hour, as is known last. old: off and stays off,
    # and began a day earlier than it seemed
    "state": (
        [trail("z1", MORNING, "StopLogging", "main"), trail("z2", MORNING, "StopLogging", "spare"),
         trail("z3", MORNING + DAY, "DeleteTrail", "old")],
        [trail("z4", MORNING + 2 * HOUR, "StartLogging", "main")],
        [trail("z5", MORNING + 10 * MINUTE, "StartLogging", "spare"), trail("z6", MORNING, "StopLogging", "old")],
    ),
    # ivan: Okta knows of it, later. judy: it never does. kim: signed in to AWS before all, seen last
    "absence": (
        [console_login("c1", MORNING, "ivan@example.com"), console_login("c2", MORNING, "judy@example.com"),
         okta("k1", MORNING + DAY, "user.authentication.sso", "erin@example.com")],
        [okta("k2", MORNING - 2 * MINUTE, "user.authentication.sso", "ivan@example.com")],
        [console_login("c3", MORNING - DAY, "kim@example.com")],
    ),
}  # fmt: skip
REFUTED = {"first_seen", "anomaly", "state", "absence"}
"""Shapes of which a late row can show that nothing was wrong."""


def standing(settings: Settings) -> Counter[str]:
    found = select(settings, "select * from findings.findings where revision_kind <> 'withdrawn'")
    return Counter(repr(sorted((k, str(v)) for k, v in row.items() if k not in RUN)) for row in found)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return (the small project, a folder for lakes)."""
    folder = tmp_path_factory.mktemp("late")
    return project(folder / "project", DETECTIONS.values()), folder


@pytest.fixture(scope="module")
def clean(made: tuple[Path, Path]) -> Settings:
    """Return the lake that saw everything at once."""
    settings = settings_of(made[1] / "clean", made[0])
    everything = [record for parts in SCENES.values() for part in parts for record in part]
    arrive(settings, made[1] / "clean-in", "all", everything)
    return settings


def worst() -> list[list[Record]]:
    return [[record for parts in SCENES.values() for record in parts[n]] for n in range(3)]


def backwards() -> list[list[Record]]:
    return worst()[::-1]


def shuffled() -> list[list[Record]]:
    rng = random.Random(5)
    parts: list[list[Record]] = [[], [], [], []]
    for record in (record for scene in SCENES.values() for part in scene for record in part):
        rng.choice(parts).append(record)
    return parts


def at_once() -> list[list[Record]]:
    return [[record for part in worst() for record in part]]


def test_the_clean_run_finds_all_seven_shapes(clean: Settings) -> None:
    found = select(clean, "select analytic_uid, entity_key, status, revision_kind from findings.findings")
    assert {row["revision_kind"] for row in found} == {"create"}
    keys = {shape: sorted(r["entity_key"] for r in found if r["analytic_uid"] == n) for shape, n in DETECTIONS.items()}
    assert {shape: len(found) for shape, found in keys.items()} == {
        "event": 2, "threshold": 1, "sequence": 2, "first_seen": 1, "anomaly": 1, "state": 2, "absence": 2
    }  # fmt: skip
    assert keys["absence"] == ['["judy@example.com"]', '["kim@example.com"]']
    assert keys["anomaly"] == [f'["{user("hal")}"]']
    assert {r["entity_key"]: r["status"] for r in found if r["analytic_uid"] == DETECTIONS["state"]} == {
        f'["{ACCOUNT}","eu-central-1","main"]': "Resolved",
        f'["{ACCOUNT}","eu-central-1","old"]': "New",
    }


@pytest.mark.parametrize("order", [worst, backwards, shuffled])
def test_late_rows_give_what_a_clean_run_gives(
    order: Callable[[], list[list[Record]]], made: tuple[Path, Path], clean: Settings
) -> None:
    settings = settings_of(made[1] / order.__name__, made[0])
    for n, part in enumerate(order()):
        arrive(settings, made[1] / f"{order.__name__}-in", f"part-{n}", part)
    expected = standing(clean)
    assert len(expected) == 11
    assert standing(settings) == expected
    if order is worst:
        withdrawn = select(
            settings, "select distinct analytic_uid from findings.findings where revision_kind = 'withdrawn'"
        )
        assert {row["analytic_uid"] for row in withdrawn} == {DETECTIONS[shape] for shape in REFUTED}
        kinds = {
            r["revision_kind"] for r in select(settings, "select distinct revision_kind from findings.finding_history")
        }
        assert kinds == {"create", "update", "resolved", "withdrawn"}


@pytest.mark.parametrize("order", [worst, at_once])
def test_a_large_history_is_worked_off_in_groups_of_days(
    order: Callable[[], list[list[Record]]],
    made: tuple[Path, Path],
    clean: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every shape gives the same where its days do not fit into one reading: each window sees all that it needs."""
    counts: list[int] = []
    groups = detect.day_groups
    monkeypatch.setattr(detect, "day_groups", lambda *given: counts.append(len(groups(*given))) or groups(*given))
    settings = replace(settings_of(made[1] / f"groups-{order.__name__}", made[0]), batch_bytes=1)
    for n, part in enumerate(order()):
        arrive(settings, made[1] / f"groups-{order.__name__}-in", f"part-{n}", part)
    assert max(counts) >= 2
    assert standing(settings) == standing(clean)
