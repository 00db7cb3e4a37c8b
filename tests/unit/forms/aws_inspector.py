"""Inspector findings, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import gzip
import json
import re
from collections import defaultdict
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"s3/example-org-inspector/\d{12}/[a-z0-9-]+/\d{4}/\d\d/\d\d/\d\d/findings-1-\d{4}(?:-\d\d){5}"
    r"-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.gz"
)
ENGLISH = re.compile(r"[A-Z][a-z]{2} [1-9]\d?, \d{4}, [1-9][0-2]?:\d\d:\d\d [AP]M")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def events(data: bytes) -> list[Event]:
    """The findings of one object: its events follow one another without line ends."""
    text, at, found = gzip.decompress(data).decode(), 0, []
    while at < len(text):
        event, at = json.JSONDecoder().raw_decode(text, at)
        assert event["detail-type"] == "Inspector2 Finding"
        found.append(event["detail"])
    return found


def when(event: Event) -> str:
    """The time of the last change, which EventBridge writes in English, as ISO 8601."""
    assert ENGLISH.fullmatch(event["updatedAt"])
    return datetime.strptime(f"{event['updatedAt']} +0000", "%b %d, %Y, %I:%M:%S %p %z").isoformat()[:19]


def uid(event: Event) -> str:
    return f"{event['findingArn']}|{event['updatedAt']}|{event['status']}"


def weaknesses_go_on_until_they_are_closed(ordinary: list[Event], end: datetime) -> None:
    """A weakness is seen again and again with its first time, is closed, and may be found anew."""
    found: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in sorted(ordinary, key=when):
        found[event["findingArn"], event["firstObservedAt"]].append(event)
    assert max(map(len, found.values())) > 2
    for life in found.values():
        assert life[0]["firstObservedAt"] == life[0]["updatedAt"]
        assert all(event["status"] == "ACTIVE" for event in life[:-1])
    assert {life[-1]["status"] for life in found.values()} == {"ACTIVE", "CLOSED"}


def nothing_is_critical(ordinary: list[Event], end: datetime) -> None:
    assert {event["severity"] for event in ordinary} <= {"LOW", "MEDIUM", "HIGH"}


ORDINARY = (weaknesses_go_on_until_they_are_closed, nothing_is_critical)
