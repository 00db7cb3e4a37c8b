"""A simulated organisation on a lake: what the tests of the marts share."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from asking import standing

from infra.local.simulate import Truth, generate, known_sources
from transforms.land import land
from transforms.settings import REPOSITORY, Settings
from transforms.sources import registry
from transforms.warehouse.query import Reader
from transforms.warehouse.runner import CorrelateResult, build, correlate

PLACES = {name: source.root for name, source in known_sources().items() if name in registry()}
DAYS = 35
END = datetime(2026, 3, 16, 12, tzinfo=UTC)
"""A Monday: the last weekend is whole."""


@dataclass(frozen=True, kw_only=True)
class Organisation:
    """A simulation that was correlated, and the truth about it."""

    settings: Settings
    truth: Truth

    def sql(self, query: str) -> list[dict[str, Any]]:
        return standing(self.settings).records(query)


def sql(settings: Settings, query: str) -> list[dict[str, Any]]:
    return Reader(settings).records(query)


def lake(path: Path) -> Settings:
    return Settings(lake=str(path), environment={}, workers=1)


def arrive(settings: Settings, logs: Path) -> CorrelateResult:
    """Land, build and correlate everything new below `logs`, however late it is: listed in full."""
    for source, place in PLACES.items():
        if (logs / place).exists():
            land(settings, source, str(logs / place), sweep=True)
    assert build(settings).failed == {}
    done = correlate(settings)
    assert done.failed == {}
    return done


def organisation(folder: Path) -> Organisation:
    """Simulate five weeks with few events, and correlate in one run."""
    truth = generate(folder / "logs", seed=11, days=DAYS, end=END, events_per_day=500)
    settings = lake(folder / "lake")
    arrive(settings, folder / "logs")
    return Organisation(settings=settings, truth=truth)


def move(files: Iterable[Path], logs: Path, to: Path) -> None:
    """Make some of the objects below `logs` visible below `to`."""
    for path in files:
        target = to / path.relative_to(logs)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)  # with its time, which some reports are known by


def columns_of(model: str) -> dict[str, str]:
    """The columns that a mart's yml describes, with their types."""
    (path,) = (REPOSITORY / "dbt_project" / "models").rglob(f"{model}.yml")
    (declared,) = yaml.safe_load(path.read_text())["models"]
    assert declared["description"].strip()
    assert all(column["description"].strip() for column in declared["columns"])
    return {column["name"]: str(column["data_type"]) for column in declared["columns"]}


def types_of(settings: Settings, view: str) -> dict[str, str]:
    """The columns that a view of the lake has, with their types as a yml names them."""
    names = {"timestamp with time zone": "timestamptz", "timestamp with time zone[]": "timestamptz[]"}
    found = {row["column_name"]: str(row["column_type"]).lower() for row in sql(settings, f"describe {view}")}
    return {name: names.get(kind, kind) for name, kind in found.items()}
