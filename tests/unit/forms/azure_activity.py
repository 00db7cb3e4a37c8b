"""Azure Activity Log, as the simulation must write it: its form, and what its ordinary days hold."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"azure/insights-activity-logs/resourceId=/SUBSCRIPTIONS/[0-9A-F-]{36}/"
    r"y=\d{4}/m=\d\d/d=\d\d/h=\d\d/m=00/PT1H\.json"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z")


def events(data: bytes) -> list[Event]:
    """The records of one piece of a blob."""
    return [json.loads(line) for line in data.splitlines()]


def when(event: Event) -> str:
    return event["time"]


def uid(event: Event) -> str:
    return "|".join(event[k] for k in ("resourceId", "operationName", "correlationId", "resultType", "time"))


def nobody_becomes_an_owner(ordinary: list[Event], end: datetime) -> None:
    """No owner grants, and those who list keys are known from the first days."""
    callers: dict[str, str] = {}
    for event in sorted(ordinary, key=lambda e: str(e["time"])):
        body = event["properties"].get("requestbody", "")
        assert "8e3af657-a8ff-443c-a75c-2fe8c4bcb635" not in body
        assert "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9" not in body
        if event["operationName"].endswith("LISTKEYS/ACTION"):
            claims = event["identity"]["claims"]
            callers.setdefault(claims["http://schemas.microsoft.com/identity/claims/objectidentifier"], event["time"])
    assert callers
    assert max(callers.values()) < (end - timedelta(days=19)).isoformat()


ORDINARY = (nobody_becomes_an_owner,)
