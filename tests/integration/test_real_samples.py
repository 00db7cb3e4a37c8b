"""Real logs, where they lie beside the checkout: each record is in OCSF, or in quarantine for a reason on record.

What each source's samples become is committed as `tests/samples/<source>.json`; `make samples` writes it anew. Its
"folders" are those of the samples that belong to the source (or folders in them): the one that has its name, where it
does not say.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from transforms.land import land
from transforms.settings import Settings
from transforms.sources import registry
from transforms.warehouse.query import rows
from transforms.warehouse.runner import build

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
RECORDED = Path(__file__).parents[1] / "samples"
pytestmark = [
    pytest.mark.xdist_group("samples"),
    pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"no real samples at {SAMPLES}: this proof did not run"),
]


def recorded(source: str) -> dict[str, Any]:
    path = RECORDED / f"{source}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def folders(source: str) -> list[Path]:
    return [SAMPLES / name for name in recorded(source).get("folders", [source]) if (SAMPLES / name).is_dir()]


SAMPLED = [name for name in registry() if folders(name)]


def sql(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    _, blocks = rows(settings, query)
    return [row for block in blocks for row in block]


def tables(settings: Settings) -> list[str]:
    found = sql(settings, "select table_name from information_schema.tables where table_schema = 'ocsf' order by 1")
    return [name for (name,) in found]


def events(settings: Settings, source: str) -> list[str]:
    union = " union all ".join(f"select event_uid, source from ocsf.{name}" for name in tables(settings))
    return [uid for (uid,) in sql(settings, f"select event_uid from ({union}) where source = '{source}'")]


def became(settings: Settings, source: str) -> dict[str, Any]:
    """Counts of records, of OCSF rows by class, of what no rule mapped, and of reasons of quarantine."""
    of_source = f"where source = '{source}'"
    reasons = sql(settings, f"select reason from ops.quarantine {of_source}")
    by_class = {name: sql(settings, f"select count(*) from ocsf.{name} {of_source}")[0][0] for name in tables(settings)}
    return {
        "source": source,
        "folders": [folder.relative_to(SAMPLES).as_posix() for folder in folders(source)],
        "records": sql(settings, f"select count(*) from bronze.{source}")[0][0],
        "ocsf": {name: count for name, count in by_class.items() if count},
        "unmapped": by_class["base_event"]
        + sql(settings, f"select count(*) from ocsf.api_activity {of_source} and activity_id = 99")[0][0],
        "quarantined": dict(sorted(Counter(re.sub(r"[\d']+", "#", reason) for (reason,) in reasons).items())),
    }


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings.from_env(lake=str(tmp_path_factory.mktemp("samples") / "lake"))


def test_a_real_trail_exactly(settings: Settings) -> None:
    """19,624 records of 2,395 objects as AWS delivered them; 4,087 of them are AWS's own redeliveries."""
    trail = str(SAMPLES / "aws_cloudtrail" / "sans504_s3ransom")
    first = land(settings, "aws_cloudtrail", trail)
    assert (first.objects, first.records, first.quarantined) == (2395, 19624, 0)
    built = build(settings)
    assert (built.failed, built.rows, built.duplicates, built.collisions) == ({}, 15537, 4087, 0)
    found = events(settings, "aws_cloudtrail")
    assert len(found) == len(set(found)) == 15537
    again = land(settings, "aws_cloudtrail", trail)
    assert (again.objects, again.records, again.quarantined) == (0, 0, 0)
    assert build(settings).rows == 0
    assert sql(settings, "select count(*) from ops.quarantine") == [(0,)]


@pytest.fixture(scope="module")
def built(settings: Settings) -> Settings:
    """Every source's samples, landed and built."""
    for source in SAMPLED:
        for folder in folders(source):
            land(settings, source, str(folder))
    assert build(settings).failed == {}
    return settings


def test_some_sources_have_samples() -> None:
    assert len(SAMPLED) >= 3


@pytest.mark.parametrize("source", SAMPLED)
def test_every_folder_lands(built: Settings, source: str) -> None:
    found = [p for folder in folders(source) for p in folder.rglob("*")]
    files = [p for p in found if p.is_file() and not p.name.startswith((".", "_"))]
    skip = registry()[source].skip_keys
    wanted = [p for p in files if skip is None or not re.search(skip, str(p))]
    landed = sql(built, f"select count(distinct uri) from ops.ledger where kind = 'landed' and source = '{source}'")
    assert landed == [(len(wanted),)]
    bronze = {uid for (uid,) in sql(built, f"select event_uid from bronze.{source}")}
    assert bronze
    assert set(events(built, source)) == bronze


@pytest.mark.parametrize("source", SAMPLED)
def test_they_become_what_is_on_record(built: Settings, source: str) -> None:
    found = became(built, source)
    if os.environ.get("CATCHMENT_WRITE_SAMPLES"):
        RECORDED.mkdir(exist_ok=True)
        (RECORDED / f"{source}.json").write_text(json.dumps(found, indent=1) + "\n")
    assert recorded(source) == found
