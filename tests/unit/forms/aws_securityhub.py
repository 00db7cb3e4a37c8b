"""Security Hub findings, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import gzip
import json
import re
from collections import defaultdict
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"s3/example-org-securityhub/\d{12}/[a-z0-9-]+/\d{4}/\d\d/\d\d/\d\d/findings-1-\d{4}(?:-\d\d){5}"
    r"-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.gz"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def events(data: bytes) -> list[Event]:
    """The findings of one object: its events follow one another without line ends."""
    text, at, found = gzip.decompress(data).decode(), 0, []
    while at < len(text):
        event, at = json.JSONDecoder().raw_decode(text, at)
        assert event["detail-type"] == "Security Hub Findings - Imported"
        found += event["detail"]["findings"]
    return found


def when(event: Event) -> str:
    return event["UpdatedAt"]


def uid(event: Event) -> str:
    return f"{event['Id']}|{event['UpdatedAt']}|{event['Workflow']['Status']}|{event['RecordState']}"


def findings_go_on_until_they_are_mended(ordinary: list[Event], end: datetime) -> None:
    """A control fails again and again until it passes; a weakness ends archived, and may be found anew."""
    found: dict[str, list[Event]] = defaultdict(list)
    for event in sorted(ordinary, key=when):
        found[event["Id"]].append(event)
    assert max(map(len, found.values())) > 2
    controls = [life for life in found.values() if "Compliance" in life[0]]
    for life in controls:
        assert all(event["Compliance"]["Status"] == "FAILED" for event in life[:-1])
        assert life[0]["CreatedAt"] == life[0]["UpdatedAt"]
    assert {life[-1]["Compliance"]["Status"] for life in controls} == {"FAILED", "PASSED"}
    weak = [event for event in ordinary if "Vulnerabilities" in event]
    assert {event["RecordState"] for event in weak} == {"ACTIVE", "ARCHIVED"}
    assert {event["ProductName"] for event in weak} == {"Inspector"}


def nothing_is_critical(ordinary: list[Event], end: datetime) -> None:
    assert {event["Severity"]["Label"] for event in ordinary} <= {"INFORMATIONAL", "LOW", "MEDIUM", "HIGH"}


ORDINARY = (findings_go_on_until_they_are_mended, nothing_is_critical)
