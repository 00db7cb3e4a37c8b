"""Microsoft Entra audit log, as the simulation must write it: its form, and what its ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"azure/entra-audit/insights-logs-auditlogs/tenantId=[0-9a-f-]{36}/y=\d{4}/m=\d\d/d=\d\d/h=\d\d/m=00/PT1H\.json"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z")


def events(data: bytes) -> list[Event]:
    """The records of one piece of a blob."""
    return [json.loads(line) for line in data.splitlines()]


def when(event: Event) -> str:
    assert event["properties"]["activityDateTime"].replace("+00:00", "Z") == event["time"]
    return event["time"]


def uid(event: Event) -> str:
    return event["properties"]["id"]


def nobody_gains_power(ordinary: list[Event], end: datetime) -> None:
    """Roles given are a reader's; no application gets a secret, a right or consent; no policy changes."""
    activities: Counter[str] = Counter()
    for event in ordinary:
        details = event["properties"]
        activities[details["activityDisplayName"]] += 1
        assert len(details["initiatedBy"]) == 1
        assert ("callerIpAddress" in event) == ("user" in details["initiatedBy"])
        if "role" in details["activityDisplayName"]:
            changed = {c["displayName"]: c["newValue"] for c in details["targetResources"][0]["modifiedProperties"]}
            assert changed["Role.DisplayName"] == '"Directory Readers"'
    assert activities.keys() == {
        "Add member to group",
        "Add member to role",
        "Change password (self-service)",
        "Remove member from group",
        "Reset user password",
        "Update device",
        "Update user",
        "User registered security info",
    }


ORDINARY = (nobody_gains_power,)
