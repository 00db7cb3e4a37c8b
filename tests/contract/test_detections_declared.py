"""Every detection is one SQL and one yml of the same name, and the two say the same."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlglot
import yaml
from rendering import DETECTIONS, PROJECT, SHAPES, arguments, rendered
from sqlglot import exp

from transforms.sources import registry

MODELS = sorted(DETECTIONS.rglob("*.sql"), key=lambda path: path.stem)
META = {
    "title", "description", "version", "severity_id", "confidence_id", "attack", "requirement_ids", "shape", "window",
    "lookback_days", "lookahead_days", "entity", "inputs", "threat", "false_positives", "blind_spots", "runbook",
}  # fmt: skip
WAITING = {"watermark"}
"""What a detection says besides if it waits for a source."""
INTERFACE = [
    "entity_key", "window_start_dt", "window_end_dt", "fires", "resolved", "title", "first_seen_dt", "last_seen_dt",
    "count", "evidence_event_uids", "actor_user_name", "actor_user_uid", "src_endpoint_ip", "cloud_provider",
    "cloud_account_uid", "cloud_region", "resource_uid", "resource_name", "resource_type", "detail",
]  # fmt: skip


def declared(path: Path) -> dict[str, Any]:
    """Return the yml beside a model, as dbt reads it."""
    return dict(yaml.safe_load(path.with_suffix(".yml").read_text()))


def meta_of(path: Path) -> dict[str, Any]:
    """Return config.meta of a model."""
    return dict(declared(path)["models"][0]["config"]["meta"])


def columns_of(model: str) -> set[str]:
    """Return the columns of the contract of an OCSF class or a rollup."""
    [path] = [p for part in ("ocsf", "rollups") for p in (PROJECT / "models" / part).glob(f"{model}.yml")]
    document = yaml.safe_load(path.read_text())
    return {column["name"] for column in document["models"][0]["columns"]}


def test_there_are_detections_for_every_source_and_shape() -> None:
    assert len(MODELS) >= 20
    assert {path.parent.name for path in MODELS} >= {"aws", "okta", "azure", "cross"}
    shapes = Counter(meta_of(path)["shape"] for path in MODELS)
    assert set(shapes) == set(SHAPES)
    assert min(shapes.values()) >= 2


def test_sql_and_yml_come_in_pairs() -> None:
    sql = {path.with_suffix("") for path in DETECTIONS.rglob("*.sql")}
    yml = {path.with_suffix("") for path in DETECTIONS.rglob("*.yml")}
    assert sql == yml


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
class TestDetection:
    """What holds for each detection."""

    def test_name_says_where_it_lies(self, path: Path) -> None:
        assert re.fullmatch(rf"det_{path.parent.name}__[a-z0-9_]+", path.stem)
        models = declared(path)["models"]
        assert [model["name"] for model in models] == [path.stem]
        assert models[0]["description"].strip()

    def test_says_everything(self, path: Path) -> None:
        meta = meta_of(path)
        assert set(meta) - WAITING == META
        assert 1 <= meta["severity_id"] <= 6
        assert 1 <= meta["confidence_id"] <= 3
        assert isinstance(meta["version"], int)
        for key in ("title", "description", "threat", "false_positives", "blind_spots", "runbook"):
            assert len(meta[key].split()) >= (2 if key == "title" else 8), key
        assert "findings.findings" in meta["runbook"] or "from ocsf." in meta["runbook"]

    def test_names_known_requirements_and_techniques(self, path: Path) -> None:
        meta = meta_of(path)
        with (PROJECT / "seeds" / "requirements.csv").open() as file:
            known = {row["requirement_id"] for row in csv.DictReader(file)}
        assert len(known) == 68
        assert meta["requirement_ids"]
        assert set(meta["requirement_ids"]) <= known
        assert meta["attack"]
        for technique in meta["attack"]:
            assert re.fullmatch(r"TA\d{4}", technique["tactic_uid"])
            assert re.fullmatch(r"T\d{4}", technique["technique_uid"])
            assert technique["tactic_name"] and technique["technique_name"]
            sub = technique.get("sub_technique_uid")
            assert sub is None or re.fullmatch(technique["technique_uid"] + r"\.\d{3}", sub)

    def test_declares_what_its_sql_does(self, path: Path) -> None:
        meta = meta_of(path)
        shape, given = arguments(path)
        assert meta["shape"] == shape
        reach = {"event": 0, "threshold": 1, "sequence": 1, "absence": 2 + given.get("days", 0)}
        days = (meta["lookback_days"], meta["lookahead_days"])
        if shape in ("first_seen", "anomaly"):
            assert meta["entity"] == [*given["entity"], *([given["value"]] if shape == "first_seen" else [])]
            assert meta["window"] == 1440
            assert days == (given["lookback_days"],) * 2
            assert 0 < given["learning_days"] < given["lookback_days"]
        else:
            assert meta["entity"] == given["entity"]
            assert meta["window"] == given.get("window", 1440)
            assert days == ((2 * given["memory_days"] if shape == "state" else reach[shape]),) * 2
        waits = given["after"] + given["lateness"] if "after" in given else given.get("for_minutes", 0)
        if waits:
            watermark = meta["watermark"]
            assert set(watermark) == {"source", "inputs", "wait"}
            assert watermark["source"] in registry()
            assert watermark["wait"] == waits
            assert set(watermark["inputs"]) <= set(meta["inputs"])
        else:
            assert "watermark" not in meta
        if shape in ("threshold", "sequence"):
            assert given.get("at_least", 2) >= 2
        assert set(meta["inputs"]) == set(re.findall(r"ref\('(\w+)'\)", path.read_text()))

    def test_inputs_have_the_columns_that_it_reads(self, path: Path) -> None:
        for name, needed in meta_of(path)["inputs"].items():
            assert set(needed) <= columns_of(name)
            assert ({"event_date"} if name.startswith("rollup_") else {"time", "event_uid"}) <= set(needed)

    def test_conditions_read_declared_columns_only(self, path: Path) -> None:
        known = {name: columns_of(name) for name in meta_of(path)["inputs"]}
        needed = {column for columns in meta_of(path)["inputs"].values() for column in columns}
        every = set().union(*known.values())
        tree = sqlglot.parse_one(rendered(path), read="duckdb")
        for where in tree.find_all(exp.Where):
            source = where.parent_select.args["from_"].this if where.parent_select else None
            if isinstance(source, exp.Table) and source.name.startswith(
                ("new_ocsf", "seen_ocsf", "new_rollup", "seen_rollup")
            ):
                read = {column.name for column in where.find_all(exp.Column)}
                assert read & every <= needed

    def test_has_firing_and_quiet_unit_tests(self, path: Path) -> None:
        tests = declared(path)["unit_tests"]
        names = [test["name"] for test in tests]
        assert len(names) == len(set(names))
        assert all(test["model"] == path.stem for test in tests)
        assert all(name.startswith(("fires_", "stays_quiet_")) for name in names)
        for test in tests:
            fires = [row["fires"] for row in test["expect"]["rows"]]
            assert any(fires) if test["name"].startswith("fires_") else not any(fires), test["name"]
        assert sum(name.startswith("fires_on_") for name in names) >= 1
        assert sum(name.startswith("stays_quiet_") for name in names) >= 2

    def test_returns_the_columns_of_a_finding(self, path: Path) -> None:
        final = sqlglot.parse_one(rendered(path), read="duckdb").ctes[-1]
        assert final.alias == "final"
        assert final.this.named_selects == INTERFACE
