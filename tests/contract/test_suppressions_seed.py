"""The project's suppressions are each somebody's, for a reason, for a while; and what is none is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from rendering import DETECTIONS, PROJECT

from transforms.errors import ConfigError
from transforms.warehouse.suppressions import FIELDS, Suppression, matches, read, suppressed_by

SEED = PROJECT / "seeds" / "suppressions.csv"
ROW = "T-1,det_okta__mfa_reset,actor_user_name,desk@example.com,its work,erin,2026-12-31"
NAMES = ",".join(FIELDS)


def problems(path: Path, today: date) -> list[str]:
    """Return what is wrong with the suppressions of a file."""
    known = {p.stem for p in DETECTIONS.rglob("*.sql")}
    rows = read(path)
    return [f"{s.suppression_uid}: expired on {s.expires}; renew or remove it" for s in rows if s.expires <= today] + [
        f"{s.suppression_uid}: no detection {s.detection}" for s in rows if s.detection not in known
    ]


def file(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "suppressions.csv"
    path.write_text("\n".join([NAMES, *rows, ""]))
    return path


def test_the_project_has_no_suppression_that_is_expired_or_of_no_detection() -> None:
    assert SEED.exists()
    assert problems(SEED, datetime.now(UTC).date()) == []


def test_an_expired_one_is_found(tmp_path: Path) -> None:
    path = file(tmp_path, ROW, ROW.replace("T-1", "T-2").replace("det_okta__mfa_reset", "det_okta__none"))
    assert problems(path, date(2026, 12, 30)) == ["T-2: no detection det_okta__none"]
    assert problems(path, date(2026, 12, 31))[0] == "T-1: expired on 2026-12-31; renew or remove it"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (ROW.replace("erin", " "), "line 2: every suppression has"),
        (ROW.removesuffix(",2026-12-31"), "line 2: every suppression has"),
        (ROW + ",more", "line 2: every suppression has"),
        (ROW.replace("2026-12-31", "soon"), "expires is a day"),
        (ROW.replace("actor_user_name", "title"), "column 'title' is none of"),
        (ROW.replace("desk@example.com", "**"), "would hide everything"),
    ],
)
def test_what_is_no_suppression_is_refused(tmp_path: Path, row: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        read(file(tmp_path, row))


def test_names_are_unique_and_columns_known(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="more than one suppression named T-1"):
        read(file(tmp_path, ROW, ROW))
    path = tmp_path / "other.csv"
    path.write_text("suppression_uid,detection\n")
    with pytest.raises(ConfigError, match="the columns are"):
        read(path)
    assert read(tmp_path / "none.csv") == []


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("abc", "abc", True),
        ("abc", "abcd", False),
        ("ab*", "abcd", True),
        ("*cd", "abcd", True),
        ("a*c*e", "abcde", True),
        ("a*c*e", "ae", False),
        ("ab*ba", "aba", False),
        ("a*b*b", "ab", False),
        ("[a]*", "a", False),
        ("[a]*", "[a]b", True),
        ("a.c", "abc", False),
        ("*a*" * 20 + "c", "a" * 20_000 + "b", False),
    ],
)
def test_a_star_stands_for_any_text_and_nothing_else_does(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


def test_the_window_decides_and_not_the_clock() -> None:
    rule = Suppression(
        suppression_uid="T-1", detection="det_x", column="resource_uid", pattern="b*", reason="r", owner="o",
        expires=date(2020, 1, 2),
    )  # fmt: skip
    finding = {"resource_uid": "bucket", "window_start_dt": datetime(2020, 1, 1, 23, tzinfo=UTC)}
    assert suppressed_by([rule], "det_x", finding) == "T-1"
    assert suppressed_by([rule], "det_y", finding) is None
    assert suppressed_by([rule], "det_x", finding | {"resource_uid": None}) is None
    assert suppressed_by([rule], "det_x", finding | {"window_start_dt": datetime(2020, 1, 2, tzinfo=UTC)}) is None
