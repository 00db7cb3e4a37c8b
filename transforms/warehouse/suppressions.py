"""Suppressions: which findings are hidden, by whom, why and until when. The seed `suppressions.csv` of the dbt project.

A suppression hides the findings of one detection whose column matches its pattern and whose window begins before it
expires: the window, not the clock, so a run over old logs hides what it hid then. Hidden findings stay in
findings.findings with status Suppressed and `suppressed_by`, and are counted in findings.suppressed.
A change of the seed revises a finding when its window is opened again, by a new or a late row; what nothing opens keeps
the status that it has.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from transforms.errors import ConfigError
from transforms.settings import REPOSITORY, Settings

FIELDS = ("suppression_uid", "detection", "column", "pattern", "reason", "owner", "expires")
MATCHED = (
    "entity_key",
    "actor_user_name",
    "actor_user_uid",
    "src_endpoint_ip",
    "cloud_provider",
    "cloud_account_uid",
    "cloud_region",
    "resource_uid",
    "resource_name",
    "resource_type",
)
"""The columns of a finding that a suppression may match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """One row of the seed. `pattern`: the column's whole text, `*` stands for any text. From `expires` (UTC) on nothing
    is hidden.
    """

    suppression_uid: str
    detection: str
    column: str
    pattern: str
    reason: str
    owner: str
    expires: date

    def hides(self, model: str, finding: Mapping[str, Any]) -> bool:
        """Whether it hides a finding of a detection, by the columns that its SQL returned."""
        value = finding[self.column]
        return (
            model == self.detection
            and value is not None
            and finding["window_start_dt"].astimezone(UTC).date() < self.expires
            and matches(self.pattern, str(value))
        )


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text is the pattern's. In time linear in the text for each `*`: the text is a log's."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    *middle, last = rest
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def suppressed_by(suppressions: Iterable[Suppression], model: str, finding: Mapping[str, Any]) -> str | None:
    """The id of the first suppression that hides a finding, or None."""
    return next((s.suppression_uid for s in suppressions if s.hides(model, finding)), None)


def load(settings: Settings) -> list[Suppression]:
    """The project's suppressions. Raises ConfigError naming the line that is no suppression."""
    project = Path(settings.environment.get("CATCHMENT_DBT_PROJECT") or REPOSITORY / "dbt_project")
    return read(project / "seeds" / "suppressions.csv")


def read(path: Path) -> list[Suppression]:
    """The suppressions of a file; none where there is no file."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        if tuple(rows.fieldnames or ()) != FIELDS:
            raise ConfigError(f"{path.name}: the columns are {', '.join(FIELDS)}")
        found = [_suppression(path.name, rows.line_num, row) for row in rows]
    doubled = {s.suppression_uid for s in found if sum(o.suppression_uid == s.suppression_uid for o in found) > 1}
    if doubled:
        raise ConfigError(f"{path.name}: more than one suppression named {', '.join(sorted(doubled))}")
    return found


def _suppression(name: str, line: int, row: Mapping[str, Any]) -> Suppression:
    if None in row or any(row[field] is None or not row[field].strip() for field in FIELDS):
        raise ConfigError(f"{name}, line {line}: every suppression has {', '.join(FIELDS)}")
    if row["column"] not in MATCHED:
        raise ConfigError(f"{name}, line {line}: column {row['column']!r} is none of {', '.join(MATCHED)}")
    if not row["pattern"].strip("*"):
        raise ConfigError(f"{name}, line {line}: the pattern would hide everything that the detection finds")
    try:
        expires = datetime.strptime(row["expires"], "%Y-%m-%d").date()  # noqa: DTZ007  # a day, not an instant
    except ValueError:
        raise ConfigError(f"{name}, line {line}: expires is a day like 2026-12-31, not {row['expires']!r}") from None
    return Suppression(**{**{field: row[field].strip() for field in FIELDS}, "expires": expires})
