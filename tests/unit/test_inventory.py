"""Inventories: what stands around an object, and that no part of an answer goes missing without a word."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from transforms.decoders.framing import FIELDS, Bounds
from transforms.sources.cloud_inventory import SOURCE

WHEN = datetime(2026, 3, 2, tzinfo=UTC)


def read(document: Any) -> tuple[list[tuple[Any, dict[str, Any]]], list[str]]:
    data = json.dumps(document).encode()
    chunks = list(SOURCE.read(io.BytesIO(data), Bounds(uri="s3://b/111122223333/2026/03/02/x", modified=WHEN)))
    records = [
        (json.loads(bytes(record)), json.loads((said or {})[FIELDS]))
        for chunk in chunks
        for record, said in zip(chunk.records, chunk.attributes or [], strict=True)
    ]
    return records, [bad.reason for chunk in chunks for bad in chunk.bad]


def test_an_instance_keeps_its_reservation_and_the_collectors_words() -> None:
    answer = {"Reservations": [{"OwnerId": "111122223333", "Instances": [{"InstanceId": "i-1"}]}]}
    ((found, around),), bad = read({"collected_at": "2026-03-02T06:00:00Z", "account": "111122223333", "body": answer})
    assert found == {"InstanceId": "i-1"} and not bad
    assert around["reservation"] == {"OwnerId": "111122223333"}
    assert around["collected"] == {"collected_at": "2026-03-02T06:00:00Z", "account": "111122223333"}
    assert "scan" not in around


def test_an_object_alone_is_as_old_as_its_export() -> None:
    ((found, around),), bad = read([{"VolumeId": "vol-1"}])
    assert found == {"VolumeId": "vol-1"} and not bad
    assert around["scan"]["object_time"].startswith("2026-03-02T00:00:00")
    assert around["scan"]["place"] == "s3://b/111122223333"


@pytest.mark.parametrize(
    "document", [{"Images": []}, {"Reservations": []}, {"kind": "compute#diskList", "id": "x"}, []]
)
def test_a_list_of_none_gives_nothing(document: Any) -> None:
    assert read(document) == ([], [])


@pytest.mark.parametrize(
    "document",
    [
        {"Vpcs": [{"VpcId": "vpc-1"}]},
        {"body": {"Vpcs": []}},
        {"body": 7},
        {"collected_at": "2026-03-02T06:00:00Z", "error": "AccessDenied", "body": None},
        {"Reservations": [{"Instances": [{"InstanceId": "i-1"}]}, {"ReservationId": "r-2"}]},
        {"Images": ["odd"]},
        ["odd"],
    ],
)
def test_what_no_list_is_is_put_aside(document: Any) -> None:
    assert len(read(document)[1]) == 1
