"""Inventories of the clouds, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-inventory/(\d{4})/(\d\d)/(\d\d)/\1\2\3T\d{9}(-again)?\.json")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def events(data: bytes) -> list[Event]:
    """The objects of one answer, each with when and where it was asked for."""
    line = json.loads(data)
    body = line.pop("body")
    if isinstance(body, list):
        found = body
    elif "Reservations" in body:
        found = [one for reservation in body["Reservations"] for one in reservation["Instances"]]
    else:
        found = body["Volumes"] if "Volumes" in body else body["data"]
    return [{"asked": line, "object": one} for one in found]


def when(event: Event) -> str:
    return event["asked"]["collected_at"]


def uid(event: Event) -> str:
    one = event["object"]
    name = one.get("InstanceId") or one.get("VolumeId") or one.get("selfLink") or one["id"]
    return f"{when(event)}|{event['asked'].get('account')}|{name}"


def three_clouds_speak_and_nothing_is_open(ordinary: list[Event], end: datetime) -> None:
    """Machines of all clouds, disks that are encrypted, and no address that the world could reach."""
    found = [event["object"] for event in ordinary]
    assert {"InstanceId", "VolumeId", "selfLink", "tenantId"} <= {name for one in found for name in one}
    assert all(one["Encrypted"] for one in found if "VolumeId" in one)
    assert not any("PublicIp" in json.dumps(one) or "natIP" in json.dumps(one) for one in found)
    assert all(
        ("account" in event["asked"]) == ("Tags" in event["object"] or "VolumeId" in event["object"])
        for event in ordinary
    )


ORDINARY = (three_clouds_speak_and_nothing_is_open,)
