"""Azure flow logs in Azurite: block blobs whose closing block moves each minute; every tuple once, in its place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from azure.storage.blob import BlobBlock, BlobClient, BlobServiceClient

from transforms.land import land
from transforms.settings import Settings
from transforms.warehouse.query import rows

pytestmark = [pytest.mark.emulator, pytest.mark.xdist_group("azure")]
GROUP = "/SUBSCRIPTIONS/00000000-0000-4000-8000-0000000000AA/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.NETWORK/NSG"
NAME = f"resourceId={GROUP}/y=2026/m=03/d=02/h=11/m=00/macAddress=000D3A000001/PT1H.json"
START = 1772449200
"""2026-03-02T11:00:00Z"""


def flow(minute: int, number: int) -> str:
    return f"{START + 60 * minute + number},10.1.0.4,203.0.113.9,{50000 + number},443,T,O,A,E,1,60,1,40"


def minute_record(minute: int) -> dict[str, Any]:
    """A minute of two rules; every fifth has no flow."""
    tuples = [] if minute % 5 == 4 else [flow(minute, number) for number in range(minute % 7 + 2)]
    flows = [
        {"rule": rule, "flows": [{"mac": "000D3A000001", "flowTuples": part}]}
        for rule, part in (("web", tuples[::2]), ("other", tuples[1::2]))
    ]
    time = f"2026-03-02T11:{minute:02d}:59.1234567Z"
    return {"time": time, "resourceId": GROUP, "properties": {"Version": 2, "flows": flows}}


def write(client: BlobClient, minutes: int) -> None:
    """The blob as it is after so many minutes: an opening block, one for each minute, and the closing one."""
    blocks = [b'{"records":[']
    for minute in range(minutes):
        blocks.append((b"," if minute else b"") + json.dumps(minute_record(minute)).encode())
    names = [f"{number:08d}" for number in range(len(blocks))] + ["99999999"]
    for name, block in zip(names, [*blocks, b"]}"], strict=True):
        client.stage_block(name, block)
    client.commit_block_list([BlobBlock(name) for name in names])


def bronze(settings: Settings) -> list[tuple[Any, ...]]:
    _, blocks = rows(settings, "select record_no, raw, attributes from bronze.azure_nsg_flow order by record_no")
    return [row for block in blocks for row in block]


def test_a_blob_whose_end_is_rewritten_between_polls(azure: Mapping[str, str], tmp_path: Path) -> None:
    service = BlobServiceClient.from_connection_string(azure["AZURE_STORAGE_CONNECTION_STRING"])
    container = service.create_container(f"flows{uuid4().hex[:12]}")
    place = f"az://{container.container_name}"
    polled = Settings.from_env({**azure}, lake=str(tmp_path / "polled"))
    for minutes in (0, 1, 2, 3, 7, 8, 20):
        write(container.get_blob_client(NAME), minutes)
        land(polled, "azure_nsg_flow", place)
        assert land(polled, "azure_nsg_flow", place).records == 0
    settled = land(polled, "azure_nsg_flow", place, clock=lambda: datetime.now(UTC) + timedelta(hours=25))
    assert (settled.records, settled.quarantined) == (0, 0)
    whole = Settings.from_env({**azure}, lake=str(tmp_path / "whole"))
    land(whole, "azure_nsg_flow", place)
    found = bronze(polled)
    assert found == bronze(whole)
    assert [number for number, _, _ in found] == list(range(len(found)))
    texts = {raw for _, raw, _ in found}
    assert texts >= {flow(m, n) for m in range(20) if m % 5 != 4 for n in range(m % 7 + 2)}
    assert sum(raw.startswith("{") for raw in texts) == 4
    _, blocks = rows(polled, "select count(*) from ops.quarantine")
    assert next(blocks) == [(0,)]
