"""The real logs that lie beside the checkout, and what is asked of the lake that they are landed into."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asking import standing

from transforms.lake.table import Lake
from transforms.land import LandResult
from transforms.settings import Settings
from transforms.sources import registry
from transforms.warehouse.runner import BuildResult

SHARED = Path(__file__).parents[3] / "shared"
SAMPLES = SHARED / "samples"
RECORDED = Path(__file__).parents[1] / "samples"


def recorded(source: str) -> dict[str, Any]:
    """What is on record of a source's samples; nothing of a new one."""
    path = RECORDED / f"{source}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def folders(source: str) -> list[Path]:
    """The folders of the samples that belong to a source: the one that has its name, where nothing is on record."""
    return [SAMPLES / name for name in recorded(source).get("folders", [source]) if (SAMPLES / name).is_dir()]


SAMPLED = [name for name in registry() if folders(name)]


@dataclass(frozen=True, slots=True)
class Trail:
    """A lake into which one real trail was landed and built twice: what either time did, and what lay there then."""

    settings: Settings
    landed: LandResult
    built: BuildResult
    landed_again: LandResult
    built_again: BuildResult
    event_uids: list[str]
    quarantined: int


def sql(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    _, blocks = standing(settings).rows(query)
    return [row for block in blocks for row in block]


def tables(settings: Settings) -> list[str]:
    return Lake(settings).names("ocsf")


def events(settings: Settings, source: str) -> list[str]:
    """The event_uid of each OCSF row of a source."""
    union = " union all ".join(f"select event_uid, source from ocsf.{name}" for name in tables(settings))
    return [uid for (uid,) in sql(settings, f"select event_uid from ({union}) where source = '{source}'")]
