"""GuardDuty findings, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import gzip
import json
import re
from collections import defaultdict
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"s3/example-org-findings/AWSLogs/\d{12}/GuardDuty/[a-z0-9-]+/\d{4}/\d\d/\d\d/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"\.jsonl\.gz"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def events(data: bytes) -> list[Event]:
    """The records of one object."""
    return [json.loads(line) for line in gzip.decompress(data).splitlines()]


def when(event: Event) -> str:
    return event["updatedAt"]


def uid(event: Event) -> str:
    return f"{event['id']}|{event['updatedAt']}"


def findings_go_on(ordinary: list[Event], end: datetime) -> None:
    """Some findings are emitted again: the later the larger the count, and nothing follows what was archived."""
    found: dict[str, list[Event]] = defaultdict(list)
    for event in sorted(ordinary, key=when):
        found[event["id"]].append(event)
    assert max(map(len, found.values())) > 2
    for emissions in found.values():
        counts = [event["service"]["count"] for event in emissions]
        assert counts == sorted(set(counts)) and counts[0] == 1
        assert emissions[0]["createdAt"] == emissions[0]["updatedAt"]
        assert not any(event["service"]["archived"] for event in emissions[:-1])
    assert any(emissions[-1]["service"]["archived"] for emissions in found.values())


def nothing_is_grave(ordinary: list[Event], end: datetime) -> None:
    """Strangers knock, people are on the way: nothing of an ordinary day is of medium severity or above."""
    assert {event["severity"] for event in ordinary} == {2}
    assert {event["resource"]["resourceType"] for event in ordinary} == {"Instance", "AccessKey"}


ORDINARY = (findings_go_on, nothing_is_grave)
