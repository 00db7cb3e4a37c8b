"""The health models look at everything that there is, without a list to maintain."""

from __future__ import annotations

import yaml
from rendering import PROJECT, macros


def test_every_class_table_is_counted() -> None:
    """The macro takes the tables from the names of the classes; a class whose table is called otherwise must say so."""
    models = {path.stem for path in (PROJECT / "models" / "ocsf").glob("*.sql")}
    assert len(models) >= 7
    assert sorted(macros().class_tables()) == sorted(models)


def test_every_health_model_is_described_and_tested_where_it_judges() -> None:
    paths = sorted((PROJECT / "models" / "marts" / "health").glob("health_*.sql"))
    assert len(paths) >= 8
    for path in paths:
        document = yaml.safe_load(path.with_suffix(".yml").read_text())
        (model,) = document["models"]
        assert model["name"] == path.stem
        assert all(column["description"].strip() and column["data_type"] for column in model["columns"])
        if path.stem in ("health_silence", "health_null_column", "health_detection", "health_source"):
            assert document["unit_tests"]
