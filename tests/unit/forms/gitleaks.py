"""Gitleaks reports, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-scans/gitleaks/\d{4}/\d\d/\d\d/gitleaks-report-\d{8}T\d{6}Z\.json")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def events(data: bytes) -> list[Event]:
    """The findings of one report."""
    return json.loads(data)


def when(event: Event) -> str:
    return event["Date"]


def uid(event: Event) -> str:
    return event["Fingerprint"]


def secrets_are_made_up(ordinary: list[Event], end: datetime) -> None:
    """Each stands in its match, and is of no provider's form."""
    assert len({event["Secret"] for event in ordinary}) == len(ordinary) > 2
    assert all(re.fullmatch(r"simulated-[0-9a-f]{24}", event["Secret"]) for event in ordinary)
    assert all(event["Secret"] in event["Match"] for event in ordinary)
    assert all(event["Fingerprint"].startswith(event["Commit"]) for event in ordinary)


ORDINARY = (secrets_are_made_up,)
