"""Defender for Cloud's export, as the simulation must write it: its form, and what its ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"azure/defender-export/\d{4}/\d\d/\d\d/\d\d/\d\d/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.json")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z")


def events(data: bytes) -> list[Event]:
    """The records of one blob."""
    return [json.loads(line) for line in data.splitlines()]


def when(event: Event) -> str:
    return event["ProcessingEndTime"] if "SystemAlertId" in event else event["properties"]["status"]["statusChangeDate"]


def state(event: Event) -> str:
    return event["Status"] if "SystemAlertId" in event else event["properties"]["status"]["code"]


def uid(event: Event) -> str:
    return f"{event.get('SystemAlertId') or event['id']}|{state(event)}|{when(event)}"


def matters_go_on(ordinary: list[Event], end: datetime) -> None:
    """Alerts go on or are dismissed, failed recommendations are met; nothing follows that."""
    found: dict[str, list[Event]] = defaultdict(list)
    for event in sorted(ordinary, key=when):
        found[event.get("SystemAlertId") or event["id"]].append(event)
    assert max(map(len, found.values())) > 1
    for life in found.values():
        assert {state(event) for event in life[:-1]} <= {"New", "Unhealthy"}
        assert len({when(event) for event in life}) == len(life)
    assert {state(life[-1]) for life in found.values()} == {"New", "Dismissed", "Unhealthy", "Healthy"}


def nothing_is_grave(ordinary: list[Event], end: datetime) -> None:
    """Strangers knock, people are on the way, settings could be better: all of low severity."""
    alerts = [event for event in ordinary if "SystemAlertId" in event]
    checks = [event for event in ordinary if "properties" in event]
    assert {event["Severity"] for event in alerts} == {"Low"} and len({event["AlertType"] for event in alerts}) == 2
    assert {event["properties"]["metadata"]["severity"] for event in checks} == {"Low"}


ORDINARY = (matters_go_on, nothing_is_grave)
