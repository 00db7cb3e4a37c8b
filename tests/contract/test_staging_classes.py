"""The class seeds: unique kinds, known classes and activities, and a staging model that routes to each of them."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from classes import classes

from transforms.reference import classes_of, staging_of
from transforms.warehouse.routes import routes_of

PROJECT = Path(__file__).parents[2] / "dbt_project"
SEEDS = sorted((PROJECT / "seeds" / "classes").glob("*.csv"))
CLASSES = {found.class_uid: found for found in classes().values()}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_kinds_are_unique_and_classes_known(path: Path) -> None:
    kinds = [tuple(v for k, v in row.items() if k not in {"class_uid", "activity_id", "note"}) for row in rows(path)]
    assert len(kinds) >= 2
    assert len(kinds) == len(set(kinds))
    for row in rows(path):
        assert int(row["activity_id"]) in {*CLASSES[int(row["class_uid"])].activities, 99}, row
        assert row["note"], row


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_staging_routes_to_every_class_of_its_seed(path: Path) -> None:
    text = staging_of(path.stem).read_text()
    wanted = {CLASSES[int(row["class_uid"])].table for row in rows(path)} | {"base_event"}
    wanted |= {"api_activity"} if "6003" in text else set()  # where a call that no rule maps is one all the same
    assert set(classes_of(path.stem)) == wanted


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_staging_has_unit_tests(path: Path) -> None:
    """Two or more, which together say what becomes of four records or more: each costs the suite a second."""
    text = staging_of(path.stem).with_suffix(".yml").read_text()
    assert len(re.findall(r"^  - name: \w+\n    model: ", text, re.MULTILINE)) >= 2
    tests = yaml.safe_load(text)["unit_tests"]
    assert sum(len(test["expect"]["rows"]) for test in tests) >= 4


def test_what_a_build_asks_of_the_text_is_what_dbt_finds(tmp_path: Path) -> None:
    """Which class tables a source's model fills decides whether something of it waits."""
    command = [sys.executable, "-m", "dbt.cli.main", "--quiet", "ls", "--select", "path:models/staging"]
    keys = ["--resource-type", "model", "--output", "json", "--output-keys", "depends_on", "--target", "unit"]
    folders = [f"--project-dir={PROJECT}", f"--profiles-dir={PROJECT}", f"--target-path={tmp_path}"]
    done = subprocess.run(
        [*command, *keys, *folders, f"--log-path={tmp_path}"], capture_output=True, text=True, check=True
    )
    found = {}
    for line in done.stdout.splitlines():
        nodes = [node.split(".") for node in json.loads(line)["depends_on"]["nodes"]]
        (source,) = [node[3] for node in nodes if node[0] == "source"]
        classes = {node[2].removeprefix("ocsf_") for node in nodes if node[0] == "model"}
        found[source] = classes
    assert len(found) >= 18
    assert {source: set(classes) for source, classes in routes_of(PROJECT).items()} == found
