"""Google Cloud assets, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"gcs/example-org-assets/(feed/(\d{4})/(\d\d)/(\d\d)/\2-\3-\4T\d\d:00:00\+00:00_assets\.json"
    r"|export/\d{4}/\d\d/\d\d/(resource|iam_policy)/[a-z]+\.googleapis\.com/\w+/0)"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def events(data: bytes) -> list[Event]:
    """The records of one object."""
    return [json.loads(line) for line in data.splitlines()]


def when(event: Event) -> str:
    return event["window"]["startTime"] if "asset" in event else event["update_time"]


def content(event: Event) -> str:
    """What is told of the asset, and of a change what was told before it went."""
    told = {**event.get("priorAsset", {}), **event.get("asset", event)}
    (name,) = told.keys() & {"resource", "iamPolicy", "iam_policy"}
    return name


def uid(event: Event) -> str:
    asset = event.get("asset", event)
    return f"{'change' if 'asset' in event else 'asset'}|{asset['name']}|{content(event)}|{when(event)}"


def nothing_is_open_to_the_world(ordinary: list[Event], end: datetime) -> None:
    """Machines, rules, policies and disks in states and in changes; nobody outside may reach or read one of them."""
    kinds = Counter((event.get("asset", event).get("assetType") or event["asset_type"]) for event in ordinary)
    assert {kind.rpartition("/")[2] for kind in kinds} == {"Instance", "Firewall", "Bucket", "Disk"}
    changes = [event for event in ordinary if "asset" in event]
    assert 0 < len(changes) < len(ordinary)
    assert {event["priorAssetState"] for event in changes} == {"PRESENT", "DOES_NOT_EXIST"}
    assert {event.get("deleted") for event in changes} == {None, True}
    for event in ordinary:
        text = json.dumps(event)
        assert "0.0.0.0/0" not in text and "allUsers" not in text and "allAuthenticatedUsers" not in text


ORDINARY = (nothing_is_open_to_the_world,)
