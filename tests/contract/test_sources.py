"""What holds for every source, with no list to keep: its parts exist, its fixture lands, and nothing of it is lost."""

from __future__ import annotations

import hmac
import io
import json
import os
import random
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from asking import standing
from belonging import source_files
from classes import classes

from transforms.decoders.framing import FIELDS, Bounds
from transforms.decoders.redaction import DELIVERED
from transforms.lake.envelope import OBJECT_TIME, parse_time
from transforms.land import land
from transforms.settings import Settings
from transforms.sources import registry
from transforms.sources.base import Source
from transforms.warehouse.runner import BuildResult, build

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
SOURCES = sorted(registry())
CODE = {".py", ".sql", ".yml", ".json"}
LATER = {"landed_at", "object_uri", "record_no", "id_collision"}
"""Columns that say how an event arrived, not what it was."""


def sql(settings: Settings, query: str) -> list[dict[str, Any]]:
    return standing(settings).records(query)


def ocsf(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    return {name: sql(settings, f"select * from ocsf.{name}") for name in classes()}


@pytest.fixture(scope="module")
def events(lake: tuple[Settings, BuildResult]) -> dict[str, list[dict[str, Any]]]:
    """The rows of every class table."""
    return ocsf(lake[0])


def alone(row: dict[str, Any]) -> str:
    """A record as an object of its own: below its header, or in the envelope that it came in, where it has one."""
    attributes = json.loads(row["attributes"] or "{}")
    if "cloudwatch" in attributes:
        place = attributes["cloudwatch"]
        named = {"owner": place.get("owner"), "logGroup": place.get("log_group"), "logStream": place.get("log_stream")}
        return json.dumps({"messageType": "DATA_MESSAGE", **named, "logEvents": [{"message": row["raw"]}]})
    header = attributes.get(FIELDS)
    return f"{header}\n{row['raw']}\n" if isinstance(header, str) else row["raw"]


def test_parts_exist_both_ways() -> None:
    """A source is a declaration, a staging model, a class seed and a fixture folder, each findable by its name."""
    staged: Counter[str] = Counter()
    for path in (ROOT / "dbt_project" / "models" / "staging").rglob("*.sql"):
        staged.update(re.findall(r"source\('bronze', '(\w+)'\)", path.read_text()))
    assert dict(staged) == dict.fromkeys(SOURCES, 1)
    assert sorted(p.stem for p in (ROOT / "dbt_project" / "seeds" / "classes").glob("*.csv")) == SOURCES
    assert sorted(p.name for p in FIXTURES.iterdir() if p.is_dir()) == SOURCES
    assert len(SOURCES) >= 3


def test_no_list_names_a_source() -> None:
    """Nothing outside a source's own files may have to change when one is added."""
    # a detection, a rollup or a mart may ask for one vendor's log by name: that is what it is about
    models = ("dbt_project/models/ocsf", "dbt_project/models/findings", "dbt_project/models/staging")
    folders = ("dags", "transforms", "infra", "dbt_project/macros", *models, "tests/contract")
    paths = [str(p.relative_to(ROOT)) for part in folders for p in (ROOT / part).rglob("*") if p.suffix in CODE]
    assert len(paths) > 150
    # a source may quote a word of its vendor that is another's name here: Falco's plugins are called so
    shared = set(paths).difference(*(source_files(ROOT, paths, name) for name in SOURCES))
    assert len(shared) > 100
    texts = {path: (ROOT / path).read_text() for path in shared}
    named = [f"{p}: {name}" for p in shared for name in SOURCES if re.search(rf"['\"]{name}['\"]", texts[p])]
    assert named == []


@pytest.mark.xdist_group("fixtures")
def test_nothing_failed(lake: tuple[Settings, BuildResult]) -> None:
    assert lake[1].failed == {}
    assert lake[1].rows > 2 * len(SOURCES)


@pytest.mark.xdist_group("fixtures")
@pytest.mark.parametrize("name", SOURCES)
def test_every_record_is_in_ocsf_or_in_quarantine(
    lake: tuple[Settings, BuildResult], events: dict[str, list[dict[str, Any]]], name: str
) -> None:
    settings = lake[0]
    landed = {r["event_uid"] for r in sql(settings, f"select event_uid from bronze.{name}")}
    normalised = Counter(r["event_uid"] for table in events.values() for r in table if r["source"] == name)
    assert landed
    assert set(normalised) == landed
    assert set(normalised.values()) == {1}
    reasons = [r["reason"] for r in sql(settings, f"select reason from ops.quarantine where source = '{name}'")]
    assert reasons and all(re.match(r"not JSON|no time|wrong type|\d+ fields where", r) for r in reasons), reasons


@pytest.mark.xdist_group("fixtures")
@pytest.mark.parametrize("name", SOURCES)
def test_landing_twice_changes_nothing(lake: tuple[Settings, BuildResult], name: str) -> None:
    again = land(lake[0], name, str(FIXTURES / name))
    assert (again.objects, again.records, again.quarantined) == (0, 0, 0)


@pytest.mark.xdist_group("fixtures")
def test_split_and_shuffled_gives_the_same_events(lake: tuple[Settings, BuildResult], tmp_path: Path) -> None:
    """Each record alone in a file, in another order, landed in three parts with builds between: the same OCSF rows.

    Of copies that say different things of one event (a file names no account, CloudWatch does; a relay adds an id) the
    first that comes is the event.
    """
    settings = Settings.from_env(lake=str(tmp_path / "lake"))
    random.seed(7)
    records = [
        (name, alone(r), json.loads(r["attributes"] or "{}").get(OBJECT_TIME))
        for name in SOURCES
        for r in sql(lake[0], f"select attributes, raw from bronze.{name} order by object_uri, record_no")
    ]
    random.shuffle(records)
    for name in SOURCES:  # a part may hold nothing of a source
        (tmp_path / "in" / name).mkdir(parents=True)
    for part in range(3):
        for index, (name, text, dated) in enumerate(records):
            if index % 3 == part:
                path = tmp_path / "in" / name / f"{part}-{index}.json"
                path.write_text(text)
                if dated is not None:
                    os.utime(path, ns=(at := int(parse_time(dated).timestamp() * 1_000_000) * 1000, at))
        for name in SOURCES:
            land(settings, name, str(tmp_path / "in" / name))
        assert build(settings).failed == {}

    said_twice = {
        row["event_uid"]
        for name in SOURCES
        for row in sql(
            lake[0],
            f"select event_uid from bronze.{name} group by event_uid"
            " having count(distinct raw || coalesce(attributes, '')) > 1",
        )
    }
    assert len(said_twice) <= max(1, len(records) // 20)

    def events(of: Settings) -> list[str]:
        found = [
            (name, {k: str(v) for k, v in row.items() if k not in LATER})
            if row["event_uid"] not in said_twice
            else (name, {"event_uid": row["event_uid"]})
            for name, table in ocsf(of).items()
            for row in table
        ]
        return sorted(json.dumps(f, sort_keys=True) for f in found)

    assert events(settings) == events(lake[0])
    shutil.rmtree(tmp_path / "lake")


@pytest.mark.xdist_group("fixtures")
@pytest.mark.parametrize("table", sorted(classes()))
def test_required_attributes_are_filled(lake: tuple[Settings, BuildResult], table: str) -> None:
    found = sql(lake[0], f"select * from ocsf.{table}")
    assert found
    for row in found:
        for column in [
            "event_uid",
            "source",
            "time",
            "time_dt",
            "class_uid",
            "category_uid",
            "activity_id",
            "type_uid",
        ]:
            assert row[column] is not None, column
        for column in ["severity_id", "metadata_version", "metadata_product_name", "raw_data_hash"]:
            assert row[column] is not None, (column, row["metadata_event_code"])
        for columns in classes()[table].required:
            assert any(row[column] is not None for column in columns), (columns, row["metadata_event_code"])
        assert row["type_uid"] == row["class_uid"] * 100 + row["activity_id"]
        assert row["category_uid"] == row["class_uid"] // 1000
        assert row["time"] == int(row["time_dt"].timestamp() * 1000)
        assert row["src_endpoint_ip"] is None or re.fullmatch(r"[0-9a-fA-F:.]+", row["src_endpoint_ip"])
    kinds = {r["column_name"]: r["column_type"] for r in sql(lake[0], f"select * from (describe ocsf.{table})")}
    assert not [c for c, kind in kinds.items() if kind in ("TIMESTAMP", "HUGEINT", '"NULL"') or kind.startswith("U")]


@pytest.mark.xdist_group("fixtures")
@pytest.mark.parametrize("name", SOURCES)
def test_time_and_bytes_are_the_vendors(lake: tuple[Settings, BuildResult], name: str) -> None:
    """event_time is in the record; raw is a slice of the object that object_uri names, or the text of its row."""
    source = registry()[name]
    for row in sql(lake[0], f"select event_time, object_uri, record_no, attributes, raw from bronze.{name}"):
        assert vendor_time(source, row) == str(row["event_time"])[:19]
        path = Path(row["object_uri"].removeprefix("file://").replace("%20", " "))
        if source.redact is not None:
            assert is_delivered(lake[0], source, path, row)
        elif path.suffix == ".parquet":
            assert json.loads(row["raw"]) == pq.read_table(path).to_pylist(maps_as_pydicts="strict")[row["record_no"]]
        else:
            text = path.read_bytes().decode()
            assert any(row["raw"] in given for given in (text, text.replace('\\"', '"'), text.replace('""', '"')))


def is_delivered(settings: Settings, source: Source, path: Path, row: dict[str, Any]) -> bool:
    """Whether a record without its secrets is proved by the keyed hash of the one that the object holds there."""
    with path.open("rb") as stream:
        chunks = list(source.read(stream, Bounds()))
    (delivered,) = (
        bytes(record)
        for chunk in chunks
        for number, record in zip(chunk.numbers, chunk.records, strict=True)
        if number == row["record_no"]
    )
    proof = hmac.digest(settings.redaction_key or b"", delivered, "sha256").hex()
    return json.loads(row["attributes"])[DELIVERED] == proof and list(json.loads(row["raw"])) == list(
        json.loads(delivered)
    )


def vendor_time(source: Source, row: dict[str, Any]) -> str:
    """What the source's own clock says of a bronze row alone, to the second."""
    if source.table is None:
        clock = source.clock(msgspec.json.decode(row["raw"], type=source.head))
        if clock is None and source.dated_by_object:
            clock = json.loads(row["attributes"])[OBJECT_TIME]
        return str(parse_time(clock))[:19]
    (chunk,) = (
        c for c in source.read(io.BytesIO(row["raw"].encode()), Bounds(attributes=row["attributes"])) if c.columns
    )
    (clock,) = source.table.clock(chunk.columns(source.table.clock_columns)[0])
    return str(parse_time(getattr(clock, "as_py", lambda: clock)()))[:19]
