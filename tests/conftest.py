"""What tests of the lake share: settings of a throw-away lake, and what lies in its tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from transforms.lake.table import Lake
from transforms.land import LandResult, land, land_lane
from transforms.settings import Settings


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


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(lake=str(tmp_path / "lake"), environment={}, workers=1)


@pytest.fixture
def lake(settings: Settings) -> Landed:
    return Landed(settings)


@pytest.fixture
def lake_at(tmp_path: Path) -> Callable[..., Landed]:
    """Makes further lakes: `lake_at(name, **settings)`."""

    def make(name: str, **options: Any) -> Landed:
        return Landed(Settings(lake=str(tmp_path / name), environment={}, **{"workers": 1, **options}))

    return make
