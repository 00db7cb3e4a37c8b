"""Event Grid through Azurite's queue service: both schemas, messages that stay, and what nobody understands."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueClient, QueueServiceClient

from tests.landed import Landed
from transforms.errors import ConfigError
from transforms.land import land
from transforms.readers import azure_queue
from transforms.readers.azure_queue import announced, receive
from transforms.settings import Settings

pytestmark = pytest.mark.emulator
ACCOUNT = "devstoreaccount1"
SOURCE = "azure_nsg_flow"
FIXTURE = next((Path(__file__).parents[1] / "fixtures" / SOURCE).rglob("*.json"))
WHEN = datetime(2026, 3, 2, 10, 0, 0, 958410, tzinfo=UTC)


def event(container: str, name: str, etag: str = "0x8D", size: int = 7, **more: Any) -> dict[str, Any]:
    """In Event Grid's own schema."""
    url = f"https://{ACCOUNT}.blob.core.windows.net/{container}/{name}"
    data = {"api": "PutBlockList", "eTag": etag, "contentLength": size, "blobType": "BlockBlob", "url": url}
    return {
        "topic": f"/subscriptions/0/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}",
        "subject": f"/blobServices/default/containers/{container}/blobs/{name}",
        "eventType": "Microsoft.Storage.BlobCreated",
        "eventTime": "2026-03-02T10:00:00.9584103Z",
        "id": str(uuid4()),
        "data": data | more.pop("data", {}),
        "dataVersion": "",
        "metadataVersion": "1",
    } | more


def cloud_event(container: str, name: str, etag: str) -> dict[str, Any]:
    told = event(container, name, etag)
    named = {"specversion": "1.0", "type": told["eventType"], "source": told["topic"], "time": told["eventTime"]}
    return named | {"subject": told["subject"], "id": told["id"], "data": told["data"]}


@dataclass(frozen=True, slots=True)
class Queue:
    uri: str
    client: QueueClient
    poison: QueueClient
    environment: Mapping[str, str]

    def send(self, *events: dict[str, Any] | str) -> None:
        for one in events:
            text = one if isinstance(one, str) else base64.b64encode(json.dumps(one).encode()).decode()
            self.client.send_message(text)

    def count(self) -> int:
        return int(self.client.get_queue_properties().approximate_message_count or 0)


@pytest.fixture
def queue(azure_queues: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    monkeypatch.setattr(azure_queue, "HOLD_SECONDS", 1)
    service = QueueServiceClient.from_connection_string(azure_queues["AZURE_STORAGE_CONNECTION_STRING"])
    name = f"q-{uuid4().hex[:12]}"
    client = service.create_queue(name)
    yield Queue(f"azqueue://{name}", client, service.get_queue_client(f"{name}-poison"), azure_queues)
    client.delete_queue()


@pytest.mark.parametrize("name", ["y=2026/m=03/PT1H.json", "a b+c/\u00fc=1.json", "x/../%2e?#\n"])
def test_both_schemas_give_the_raw_name(name: str) -> None:
    for told in (event("logs", name), cloud_event("logs", name, '"0x8D"')):
        for text in (json.dumps(told), base64.b64encode(json.dumps(told).encode()).decode()):
            (found,) = announced(text, ACCOUNT)
            assert (found.uri, found.version, found.size, found.modified) == (f"az://logs/{name}", "0x8D", 7, WHEN)


def test_a_file_of_a_data_lake_is_announced_when_it_is_written() -> None:
    begun, written = ({"api": api, "contentLength": size} for api, size in (("CreateFile", 0), ("FlushWithClose", 7)))
    assert announced(json.dumps(event("logs", "a.json", data=begun)), ACCOUNT) == []
    assert [o.size for o in announced(json.dumps(event("logs", "a.json", data=written)), ACCOUNT)] == [7]


def test_messages_stay_until_they_are_acknowledged(queue: Queue) -> None:
    queue.send(*(event("logs", f"{n}.json", etag=f"0x{n}") for n in range(40)), cloud_event("logs", "c.json", "0xC"))
    queue.send(event("logs", "gone.json", eventType="Microsoft.Storage.BlobDeleted"))
    first = receive(queue.uri, queue.environment)
    assert (len(first.objects), first.skipped, queue.count()) == (41, 0, 42)
    assert receive(queue.uri, queue.environment).objects == [], "held for the one who has them"
    first.acknowledge()
    first.acknowledge()
    assert queue.count() == 0
    assert receive(queue.uri, queue.environment).objects == []


def test_what_nobody_understands_comes_again_and_then_goes_aside(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = event("logs", "a.json", topic="/subscriptions/0/providers/Microsoft.Storage/storageAccounts/other")
    odd = event("logs", "a.json", data={"contentLength": "7"})
    queue.send("<xml/>", "%%%", stranger, odd, event("UP", "a.json"), event("logs", "b.json", eventTime="yesterday"))
    for text in ("null", "[]", "7"):
        queue.send(base64.b64encode(text.encode()).decode())
    monkeypatch.setattr(azure_queue, "POISON_AFTER", 2)
    for _ in range(2):
        got = receive(queue.uri, queue.environment, most=9)
        got.acknowledge()
        assert (got.objects, got.skipped) == ([], 9)
        time.sleep(1.2)  # until they are visible again
    assert queue.count() == 9, "there is no queue to put them in"
    queue.poison.create_queue()
    receive(queue.uri, queue.environment, most=9)
    assert queue.count() == 0
    assert {m.content for m in queue.poison.peek_messages(32)} > {"<xml/>", "%%%"}


def test_an_append_blob_is_refused(queue: Queue) -> None:
    queue.send(event("logs", "PT1H.json", data={"blobType": "AppendBlob", "contentLength": 0}))
    with pytest.raises(ConfigError, match="an append blob grows without an event: list its container"):
        receive(queue.uri, queue.environment)
    assert queue.count() == 1


def test_no_such_queue_and_no_such_place(queue: Queue) -> None:
    with pytest.raises(ConfigError, match="no such queue"):
        receive("azqueue://absent", queue.environment)
    for uri in ("azqueue://", "azqueue://a/b", "azqueue://UPPER"):
        with pytest.raises(ConfigError, match="expected azqueue://<queue>"):
            receive(uri, queue.environment)
    with pytest.raises(ConfigError, match="no storage account"):
        receive(queue.uri, {})


def test_what_is_announced_lands_once_and_is_forgotten_only_then(queue: Queue, tmp_path: Path) -> None:
    service = BlobServiceClient.from_connection_string(queue.environment["AZURE_STORAGE_CONNECTION_STRING"])
    container = service.create_container(f"logs-{uuid4().hex[:12]}")
    blob = container.get_blob_client("y=2026/m=03/d=02/h=10/m=00/macAddress=000D3AF87856/PT1H.json")
    data = FIXTURE.read_bytes()
    etag = blob.upload_blob(data)["etag"].strip('"')
    told = event(container.container_name, blob.blob_name, etag, len(data))
    queue.send(told, told)
    lake = Landed(Settings(lake=str(tmp_path / "lake"), environment=dict(queue.environment), workers=1))
    land(lake.settings, SOURCE, queue.uri)
    rows = lake.bronze(SOURCE)
    assert rows and queue.count() == 0
    queue.send(told)
    land(lake.settings, SOURCE, queue.uri)
    assert lake.bronze(SOURCE) == rows and queue.count() == 0
