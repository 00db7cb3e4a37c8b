"""Applications of Argo CD: which records one makes, and what stands beside each."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from transforms.decoders.framing import FIELDS, Bounds
from transforms.lake.records import Bad
from transforms.sources.argocd import SOURCE

APP: dict[str, Any] = {
    "metadata": {"name": "web", "uid": "u", "annotations": {"a": "b"}, "creationTimestamp": "2026-03-01T08:00:00Z"},
    "spec": {"project": "shop"},
    "status": {
        "sync": {"status": "Synced"},
        "history": [{"id": 1, "deployedAt": "2026-03-01T09:00:00Z"}, {"id": 2, "deployedAt": "2026-03-01T10:00:00Z"}],
        "operationState": {"phase": "Succeeded", "startedAt": "2026-03-01T10:00:00Z"},
        "resources": [{"kind": "Deployment"}],
    },
}  # fmt: skip


def read(document: Any) -> tuple[list[tuple[Any, Any]], list[Bad]]:
    """(records and what stands beside each, pieces that are none)."""
    chunks = list(SOURCE.read(io.BytesIO(json.dumps(document).encode()), Bounds()))
    records = [
        (json.loads(bytes(record)), json.loads(said[FIELDS]) if said else None)
        for chunk in chunks
        for record, said in zip(chunk.records, chunk.attributes or [], strict=True)
    ]
    return records, [bad for chunk in chunks for bad in chunk.bad]


@pytest.mark.parametrize(
    "document",
    [
        APP,
        [APP],
        {"items": [APP]},
        {"app": APP},
        {"result": {"type": "MODIFIED", "application": APP}},
        {"headers": {"Authorization": "a header"}, "body": {"app": APP}},
        {"headers": {"Authorization": "a header"}, "body": json.dumps(APP)},
    ],
)
def test_an_application_is_a_record_a_sync(document: Any) -> None:
    records, bad = read(document)
    assert bad == []
    assert [around["found_in"] for _, around in records] == ["metadata", "history", "history", "operationState"]
    assert [record.get("id") for record, _ in records] == [None, 1, 2, None]
    assert ["status" in around for _, around in records] == [True, False, True, True]
    assert all("annotations" not in around["app"]["metadata"] for _, around in records)
    assert all("resources" not in around.get("status", {}) for _, around in records)


def test_what_has_no_sync_yet_was_made_at_least() -> None:
    for status in ({}, {"history": None, "operationState": None}):
        ((record, around),), bad = read({**APP, "status": status})
        assert bad == [] and record["uid"] == "u" and around["found_in"] == "metadata"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"metadata": {"name": "x"}}, "neither an Application"),
        ({"metadata": [], "spec": {}}, "no Application"),
        ({**APP, "status": {"history": 3}}, "no Application"),
        ({**APP, "spec": {"values": "x" * 70_000}}, "bytes around a sync"),
        ({"headers": {"Authorization": "a header"}, "body": "not JSON"}, "no Application"),
        ([1], "no Application"),
    ],
)
def test_what_is_none_is_put_aside_with_its_bytes(document: Any, reason: str) -> None:
    records, (bad,) = read(document)
    assert records == [] and reason in bad.reason and bad.reason.startswith("wrong type")
    assert bad.data


def test_what_is_put_aside_of_a_webhook_is_its_body() -> None:
    _, (bad,) = read({"headers": {"Authorization": "a header"}, "body": {"text": "a message"}})
    assert bad.data is not None and json.loads(bad.data) == {"text": "a message"}


def test_what_stands_around_many_syncs_fills_no_chunk() -> None:
    """A small Application could make gigabytes of headers."""
    app = {**APP, "spec": {"x": "x" * 9000}, "status": {"history": [{"id": n} for n in range(3000)]}}
    numbers = []
    for chunk in SOURCE.read(io.BytesIO(json.dumps(app).encode()), Bounds(chunk_bytes=100_000)):
        assert len(chunk.records) <= 24
        numbers += chunk.numbers
    assert numbers == list(range(3001))
