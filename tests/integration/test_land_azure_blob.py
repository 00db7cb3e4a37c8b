"""Azure's append blobs, in Azurite, that grow after they were first read: every line once, whatever the polls see."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from azure.storage.blob import BlobServiceClient

from transforms.land import land
from transforms.settings import Settings
from transforms.warehouse.query import rows

pytestmark = [pytest.mark.emulator, pytest.mark.xdist_group("azure")]
SUBSCRIPTION = "resourceId=/SUBSCRIPTIONS/00000000-0000-4000-8000-0000000000AA"


def line(number: int) -> bytes:
    record = {
        "time": f"2026-03-02T11:{number % 60:02d}:00.1234567Z",
        "resourceId": SUBSCRIPTION[11:],
        "operationName": "MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION",
        "resultType": "Success",
        "correlationId": f"{number:08d}-0000-4000-9000-000000000000",
        "properties": {"text": "ü" * (number % 40)},
    }
    return json.dumps(record, ensure_ascii=False).encode() + b"\r\n"


def test_blobs_that_grow_between_polls(azure: Mapping[str, str], tmp_path: Path) -> None:
    service = BlobServiceClient.from_connection_string(azure["AZURE_STORAGE_CONNECTION_STRING"])
    container = service.create_container(f"logs{uuid4().hex[:12]}")
    settings = Settings.from_env({**azure}, lake=str(tmp_path / "lake"))
    place = f"az://{container.container_name}"
    names = [f"{SUBSCRIPTION}/y=2026/m=03/d=02/h={hour:02d}/m=00/PT1H.json" for hour in (10, 11)]
    for name in names:
        container.get_blob_client(name).create_append_blob()
    data = {name: b"".join(line(1000 * index + n) for n in range(120)) for index, name in enumerate(names)}
    written = dict.fromkeys(names, 0)
    random.seed(11)
    assert land(settings, "azure_activity", place).records == 0
    total = 0
    while any(written[name] < len(data[name]) for name in names):
        for name in names:
            step = random.randint(0, 4000)  # in mid-line, in mid-character
            block = data[name][written[name] : written[name] + step]
            if block:
                container.get_blob_client(name).append_block(block)
                written[name] += len(block)
        total += land(settings, "azure_activity", place).records
    total += land(settings, "azure_activity", place).records
    assert total == 240
    _, blocks = rows(settings, "select object_uri, record_no, raw from bronze.azure_activity order by all")
    found = [row for block in blocks for row in block]
    for name in names:
        mine = [(number, raw) for uri, number, raw in found if uri.endswith(name)]
        expected = data[name].decode().split("\r\n")[:-1]
        assert mine == list(enumerate(expected))
    _, blocks = rows(settings, "select count(*) from ops.quarantine")
    assert next(blocks) == [(0,)]


def test_an_incomplete_last_line_waits_and_is_quarantined_when_the_blob_has_settled(
    azure: Mapping[str, str], tmp_path: Path
) -> None:
    service = BlobServiceClient.from_connection_string(azure["AZURE_STORAGE_CONNECTION_STRING"])
    container = service.create_container(f"logs{uuid4().hex[:12]}")
    blob = container.get_blob_client(f"{SUBSCRIPTION}/y=2026/m=03/d=02/h=12/m=00/PT1H.json")
    blob.create_append_blob()
    blob.append_block(line(1) + line(2)[:50])
    settings = Settings.from_env({**azure}, lake=str(tmp_path / "lake"))
    place = f"az://{container.container_name}"
    first = land(settings, "azure_activity", place)
    assert (first.records, first.quarantined) == (1, 0)
    assert land(settings, "azure_activity", place).objects == 0
    later = land(settings, "azure_activity", place, clock=lambda: datetime.now(UTC) + timedelta(hours=25))
    assert (later.records, later.quarantined) == (0, 1)
