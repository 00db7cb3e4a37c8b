"""The OCSF classes that have a table: names and activities as the macro has them, the rest from their yml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from rendering import macros

MODELS = Path(__file__).parents[2] / "dbt_project" / "models" / "ocsf"


@dataclass(frozen=True)
class OcsfClass:
    """One class table: `columns` are its contract, in order; of each in `required` one at least must be filled."""

    table: str
    class_uid: int
    class_name: str
    activities: dict[int, str]
    required: tuple[tuple[str, ...], ...]
    columns: dict[str, dict[str, Any]]


@cache
def classes() -> dict[str, OcsfClass]:
    """Every class by table name."""
    found, known = {}, macros().ocsf_classes()
    for path in sorted(MODELS.glob("ocsf_*.yml")):
        (model,) = yaml.safe_load(path.read_text())["models"]
        assert model["name"] == path.stem
        meta = model["config"]["meta"]
        table = path.stem.removeprefix("ocsf_")
        found[table] = OcsfClass(
            table=table,
            class_uid=meta["class_uid"],
            class_name=known[meta["class_uid"]]["name"],
            activities=known[meta["class_uid"]]["activities"],
            required=tuple((one,) if isinstance(one, str) else tuple(one) for one in meta["required"]),
            columns={column["name"]: column for column in model["columns"]},
        )
    assert {c.class_uid for c in found.values()} == set(known)
    assert len(found) >= 6
    return found
