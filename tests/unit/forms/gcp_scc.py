"""Security Command Center findings, as the simulation must write them: their form, and what ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"gcs/example-org-findings/\d{4}/\d\d/\d\d/\d\d_\d\d_00Z_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.json"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def events(data: bytes) -> list[Event]:
    """The notifications of one object."""
    return [json.loads(line) for line in data.splitlines()]


def when(event: Event) -> str:
    return event["finding"]["eventTime"]


def uid(event: Event) -> str:
    return "|".join(event["finding"][part] for part in ("name", "eventTime", "state", "mute"))


def findings_go_on(ordinary: list[Event], end: datetime) -> None:
    """A finding is told when it is made and as it changes; nothing follows what is over."""
    found: dict[str, list[Event]] = defaultdict(list)
    for event in sorted(ordinary, key=when):
        found[event["finding"]["name"]].append(event["finding"])
    assert max(map(len, found.values())) > 2
    for emissions in found.values():
        times = [finding["eventTime"] for finding in emissions]
        assert emissions[0]["createTime"] == times[0] and len(set(times)) == len(times)
        assert [finding["state"] for finding in emissions[:-1]] == ["ACTIVE"] * (len(emissions) - 1)
    assert {emissions[-1]["state"] for emissions in found.values()} == {"ACTIVE", "INACTIVE"}


def nothing_is_grave(ordinary: list[Event], end: datetime) -> None:
    """People on the way, settings that could be better, a name that a test asked for: all of low severity."""
    assert {event["finding"]["severity"] for event in ordinary} == {"LOW"}
    assert {event["finding"]["findingClass"] for event in ordinary} == {"THREAT", "OBSERVATION", "MISCONFIGURATION"}
    assert all(event["finding"]["resourceName"] == event["resource"]["name"] for event in ordinary)


ORDINARY = (findings_go_on, nothing_is_grave)
