"""Grype's reports, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-scans/grype/[a-z0-9-]+/(\d{4})/(\d\d)/(\d\d)/\1\2\3T\d{9}(-again)?\.json")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def events(data: bytes) -> list[Event]:
    """The matches of one report, each with the image and the time."""
    report = json.loads(data)
    around = {"image": report["source"]["target"]["userInput"], "at": report["descriptor"]["timestamp"]}
    return [{**around, **match} for match in report["matches"]]


def when(event: Event) -> str:
    return event["at"]


def uid(event: Event) -> str:
    return f"{event['image']}|{event['at']}|{event['vulnerability']['id']}|{event['artifact']['id']}"


def nothing_is_critical(ordinary: list[Event], end: datetime) -> None:
    assert {event["vulnerability"]["severity"] for event in ordinary} == {"Low", "Medium", "High"}


ORDINARY = (nothing_is_critical,)
