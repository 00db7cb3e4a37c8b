"""Azure Storage's logs, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"azure/storage/insights-logs-storage(read|write|delete)/resourceId=/subscriptions/[0-9a-f-]{36}/resourceGroups/[a-z-]+/"
    r"providers/Microsoft\.Storage/storageAccounts/[a-z0-9]{3,24}/(blob|file)Services/default/"
    r"y=\d{4}/m=\d\d/d=\d\d/h=\d\d/m=00/PT1H\.json"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z")


def events(data: bytes) -> list[Event]:
    """The records of one piece of a blob."""
    return [json.loads(line) for line in data.splitlines()]


def when(event: Event) -> str:
    return str(event["time"])


def uid(event: Event) -> str:
    return str(event["correlationId"])


def everybody_comes_as_always(ordinary: list[Event], end: datetime) -> None:
    """Each way in is used by its own machines, from one address each; nobody is refused, or deletes but the backup."""
    ways: dict[str, set[str]] = {}
    for event in ordinary:
        assert event["statusCode"] in (200, 404)
        whose = event["identity"].get("requester", {}).get("upn", event["identity"]["type"])
        ways.setdefault(whose, set()).add(event["callerIpAddress"].rsplit(":", 1)[0])
    assert ways.keys() >= {"AccountKey", "SAS", "OAuth", "Anonymous"}
    assert len(ways["AccountKey"]) == len(ways["SAS"]) == len(ways["Anonymous"]) == 1
    assert len(ways.keys() - {"AccountKey", "SAS", "OAuth", "Anonymous"}) > 1, "people"
    deleted = [event for event in ordinary if event["category"] == "StorageDelete"]
    assert deleted and all(event["uri"].split("/")[3] == "nightly" for event in deleted)
    assert len({event["resourceId"] for event in ordinary}) == 4
    assert any(event["statusCode"] == 404 for event in ordinary)


ORDINARY = (everybody_comes_as_always,)
