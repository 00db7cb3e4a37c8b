"""One lake, as tests look at it: what lies in its tables, in the form that must be equal between two lakes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transforms.lake.table import Lake
from transforms.land import LandResult, land, land_lane
from transforms.settings import Settings
from transforms.warehouse.query import Reader

RUN_COLUMNS = {"landed_at", "created_dt", "modified_dt"}
REVISION_COLUMNS = {"revision", "revision_kind", "activity_id", "activity_name", "type_uid", "type_name", "is_alert"}
"""How often a finding was revised depends on when its events arrived; what it says in the end does not."""


@dataclass(frozen=True)
class Landed:
    """One lake, as a test looks at it."""

    settings: Settings

    def land(self, source: str, place: Path, **options: Any) -> LandResult:
        return land(self.settings, source, str(place), **options)

    def lane(self, source: str, lane: int) -> LandResult:
        return land_lane(self.settings, source, lane)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Every row of a table; none where the table does not exist."""
        found = Lake(self.settings).table(table)
        return found.read(found.open().files()).to_pylist() if found.exists() else []

    def bronze(self, source: str) -> list[tuple[str, int, str]]:
        """(object_uri, record_no, raw) of every row, sorted: what must be equal between two lakes."""
        return sorted((r["object_uri"], r["record_no"], r["raw"]) for r in self.rows(f"bronze/{source}"))

    def quarantine(self) -> list[tuple[str, int, str, bytes | None]]:
        """(object_uri, record_no, reason, data) of every row, sorted."""
        rows = self.rows("ops/quarantine")
        return sorted((r["object_uri"], r["record_no"], r["reason"], r["data"]) for r in rows)

    def sql(self, query: str) -> list[dict[str, Any]]:
        return Reader(self.settings).records(query)

    def ocsf(self) -> Counter[str]:
        """Every row of every class, without landing times, and without the place of what was delivered repeatedly."""
        places = Counter(r["event_uid"] for name in self._names("bronze") for r in self.rows(f"bronze/{name}"))
        found: Counter[str] = Counter()
        reader = Reader(self.settings)
        for name in self._names("ocsf"):
            for row in reader.records(f"select * from ocsf.{name}"):
                hidden = RUN_COLUMNS | ({"object_uri", "record_no"} if places[row["event_uid"]] > 1 else set())
                found[_text(name, row, hidden)] += 1
        return found

    def correlated(self) -> Counter[str]:
        """Every row of every rollup, folded, and of every mart, without how late rows landed."""
        found: Counter[str] = Counter()
        reader = Reader(self.settings)
        for name in (f"{schema}.{name}" for schema in ("rollups", "marts") for name in self._names(schema)):
            for row in reader.records(f"select * from {name}"):
                found[_text(name, row, RUN_COLUMNS | {column for column in row if column.startswith("lag_")})] += 1
        return found

    def findings(self) -> Counter[str]:
        """The findings that are not withdrawn, without when and how often they were revised."""
        found = self.sql("select * from findings.findings where revision_kind <> 'withdrawn'")
        return Counter(_text("findings", row, RUN_COLUMNS | REVISION_COLUMNS) for row in found)

    def _names(self, schema: str) -> list[str]:
        return Lake(self.settings).names(schema)


def _text(table: str, row: dict[str, Any], hidden: set[str]) -> str:
    return repr((table, sorted((name, str(value)) for name, value in row.items() if name not in hidden)))
