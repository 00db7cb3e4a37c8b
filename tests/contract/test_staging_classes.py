"""The class seeds: unique kinds, known classes and activities, and a staging model that routes to each of them."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from transforms.sources import registry

PROJECT = Path(__file__).parents[2] / "dbt_project"
SEEDS = sorted((PROJECT / "seeds" / "classes").glob("*.csv"))
ACTIVITIES = {
    6003: {1, 2, 3, 4, 99},
    6005: {*range(1, 11), 99},
    3002: {*range(1, 8), 99},
    3001: {*range(1, 13), 99},
    3005: {1, 2, 99},
    0: {99},
}
TABLES = {
    6003: "api_activity",
    6005: "datastore_activity",
    3002: "authentication",
    3001: "account_change",
    3005: "user_access",
    0: "base_event",
}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def staging(source: str) -> Path:
    (model,) = [
        path
        for path in (PROJECT / "models" / "staging").rglob("*.sql")
        if f"source('bronze', '{source}')" in path.read_text()
    ]
    return model


def test_every_source_has_a_seed_and_every_seed_a_source() -> None:
    assert {path.stem for path in SEEDS} == set(registry())


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_kinds_are_unique_and_classes_known(path: Path) -> None:
    kinds = [tuple(v for k, v in row.items() if k not in {"class_uid", "activity_id", "note"}) for row in rows(path)]
    assert len(kinds) >= 20
    assert len(kinds) == len(set(kinds))
    for row in rows(path):
        assert int(row["activity_id"]) in ACTIVITIES[int(row["class_uid"])], row
        assert row["note"], row


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_staging_routes_to_every_class_of_its_seed(path: Path) -> None:
    declared = re.search(r"routes_to\(\[(.+?)\]\)", staging(path.stem).read_text())
    assert declared is not None
    routed = set(re.findall(r"'(\w+)'", declared[1]))
    wanted = {TABLES[int(row["class_uid"])] for row in rows(path)} | {"api_activity", "base_event"}
    assert routed == wanted


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_staging_has_unit_tests(path: Path) -> None:
    text = staging(path.stem).with_suffix(".yml").read_text()
    assert len(re.findall(r"^  - name: \w+\n    model: ", text, re.MULTILINE)) >= 4
