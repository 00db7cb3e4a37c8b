"""Suppressions on a real lake: hidden, counted, and judged by the window of the finding, never by the clock."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from detections import arrive, at, okta, project, select, settings_of, suppress

from transforms import report
from transforms.errors import ConfigError
from transforms.settings import Settings
from transforms.warehouse.runner import detect

pytestmark = pytest.mark.xdist_group("dbt-lake")
MODEL = "det_okta__mfa_reset"
MORNING = at("2026-03-02 10:00")
DAY = timedelta(days=1)
SUPPRESSED = (
    f"HELP-1,{MODEL},actor_user_name,*desk@example.com,resets are its work,erin,2026-03-04\n"
    f"HELP-2,{MODEL},actor_user_name,nobody@example.com,never matched,erin,2099-01-01\n"
)


def reset(uid: str, day: int, actor: str) -> tuple[str, dict[str, Any]]:
    return okta(uid, MORNING + day * DAY, "user.mfa.factor.reset_all", actor, target="dave@example.com")


def revisions(settings: Settings) -> list[tuple[Any, ...]]:
    query = """
        select actor_user_name, event_date - date '2026-03-02', revision, revision_kind, status, suppressed_by, is_alert
        from findings.finding_history order by 1, 2, 3
    """
    return [tuple(row.values()) for row in select(settings, query)]


def test_what_a_suppression_hides_is_kept_counted_and_revised_when_its_window_opens(tmp_path: Path) -> None:
    folder = project(tmp_path / "project", [MODEL], SUPPRESSED)
    settings = settings_of(tmp_path / "lake", folder)
    desk, other = "help-desk@example.com", "mallory@example.com"
    arrive(settings, tmp_path / "in", "first", [reset("o1", 0, desk), reset("o2", 2, desk), reset("o3", 0, other)])
    assert revisions(settings) == [
        (desk, 0, 1, "create", "Suppressed", "HELP-1", False),
        (desk, 2, 1, "create", "New", None, True),  # the day on which it expires
        (other, 0, 1, "create", "New", None, True),
    ]
    assert select(settings, "select suppression_uid, analytic_uid, findings from findings.suppressed") == [
        {"suppression_uid": "HELP-1", "analytic_uid": MODEL, "findings": 1}
    ]
    told = {row["suppression"]: (row["state"], row["hidden_findings"]) for row in report.suppressions(settings)}
    assert told == {"HELP-1": ("expired", 1), "HELP-2": ("unused", 0)}

    # The seed changes: nothing that stands is touched until a row opens its window.
    suppress(folder, f"HELP-3,{MODEL},entity_key,*,everything,erin,2099-01-01\n")
    with pytest.raises(ConfigError, match="hide everything"):
        report.suppressions(settings)
    assert "hide everything" in detect_failure(settings, tmp_path, "second", other)
    suppress(folder, f"HELP-3,{MODEL},actor_user_name,{other},a known exercise,erin,2099-01-01\n")
    assert detect(settings).failed == {}
    arrive(settings, tmp_path / "in", "third", [reset("o5", 0, desk)])
    assert revisions(settings) == [
        (desk, 0, 1, "create", "Suppressed", "HELP-1", False),
        (desk, 0, 2, "update", "New", None, False),
        (desk, 2, 1, "create", "New", None, True),
        (other, 0, 1, "create", "New", None, True),
        (other, 0, 2, "update", "Suppressed", "HELP-3", False),
    ]


def detect_failure(settings: Settings, tmp_path: Path, name: str, actor: str) -> str:
    """Take a reset of the first day to the detections, and return why they failed."""
    with pytest.raises(AssertionError) as failed:
        arrive(settings, tmp_path / "in", name, [reset("o4", 0, actor)])
    return str(failed.value)
