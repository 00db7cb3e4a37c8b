"""Amazon EventBridge, as the simulation must write it: its form, and what its ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"s3/example-org-events/\d{4}/\d\d/\d\d/\d\d/example-events-1-\d{4}(?:-\d\d){5}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def events(data: bytes) -> list[Event]:
    """The events of one object: nothing is between them."""
    scanner, text, at, found = json.JSONDecoder(), data.decode(), 0, []
    while at < len(text):
        event, at = scanner.raw_decode(text, at)
        found.append(event)
    return found


def when(event: Event) -> str:
    return event["time"]


def uid(event: Event) -> str:
    return event["id"]


def carries_every_kind(ordinary: list[Event], end: datetime) -> None:
    """Calls that CloudTrail recorded, what services say by themselves, and what an application says."""
    kinds = Counter(event["detail-type"] for event in ordinary)
    assert set(kinds) >= {
        "AWS API Call via CloudTrail",
        "EC2 Instance State-change Notification",
        "ECR Image Action",
        "OrderPlaced",
        "Scheduled Event",
    }
    assert all(event["account"] in event["resources"][0] for event in ordinary if event["resources"])


def calls_are_those_of_the_trail(ordinary: list[Event], end: datetime) -> None:
    """A call has CloudTrail's own record in its detail, and its time and account are that record's."""
    calls = [event for event in ordinary if event["detail-type"] == "AWS API Call via CloudTrail"]
    assert calls
    for event in calls:
        record = event["detail"]
        assert event["id"] != record["eventID"]
        assert (event["time"], event["account"]) == (record["eventTime"], record["recipientAccountId"])


ORDINARY = (carries_every_kind, calls_are_those_of_the_trail)
