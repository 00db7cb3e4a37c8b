"""Real logs, where they lie beside the checkout: each record is in OCSF, or in quarantine for a right reason."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from transforms.land import land
from transforms.settings import Settings
from transforms.warehouse.query import rows
from transforms.warehouse.runner import build

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
FOLDERS = {"aws_cloudtrail": "aws_cloudtrail", "azure_activity": "azure_activity", "okta_system_log": "okta_system"}
CLASSES = ("api_activity", "datastore_activity", "authentication", "account_change", "user_access", "base_event")
pytestmark = [
    pytest.mark.xdist_group("samples"),
    pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"no real samples at {SAMPLES}: this proof did not run"),
]


def sql(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    _, blocks = rows(settings, query)
    return [row for block in blocks for row in block]


def events(settings: Settings, source: str) -> list[str]:
    union = " union all ".join(f"select event_uid, source from ocsf.{name}" for name in CLASSES)
    return [uid for (uid,) in sql(settings, f"select event_uid from ({union}) where source = '{source}'")]


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


@pytest.mark.parametrize("source", sorted(FOLDERS))
def test_every_folder_lands(settings: Settings, source: str) -> None:
    folder = SAMPLES / FOLDERS[source]
    landed = land(settings, source, str(folder))
    files = [p for p in folder.rglob("*") if p.is_file() and not p.name.startswith((".", "_"))]
    assert sql(
        settings, f"select count(distinct uri) from ops.ledger where kind = 'landed' and source = '{source}'"
    ) == [(len(files),)]
    assert landed.records > 0
    assert build(settings).failed == {}
    assert set(events(settings, source)) == {uid for (uid,) in sql(settings, f"select event_uid from bronze.{source}")}
    quarantined = sql(
        settings,
        f"select reason, object_uri from ops.quarantine where source = '{source}' order by object_uri, record_no",
    )
    if source == "aws_cloudtrail":  # a file with unquoted keys, and three digests among the events
        assert len(quarantined) == 4
        assert sum(bool(re.search("digest", reason)) for reason, _ in quarantined) == 3
        assert sum("CreateApiKey" in uri and reason.startswith("not JSON") for reason, uri in quarantined) == 1
    else:
        assert quarantined == []
