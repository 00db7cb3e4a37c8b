"""Google Workspace's audit logs, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"google/workspace/\d{4}/\d\d/\d\d/\d{6}_(?:admin|drive|login|token)_\d{4}\.json\.gz")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def events(data: bytes) -> list[Event]:
    """The activities of one page, newest first, all of one application."""
    items = json.loads(gzip.decompress(data))["items"]
    times = [item["id"]["time"] for item in items]
    assert times == sorted(times, reverse=True)
    assert len({item["id"]["applicationName"] for item in items}) == 1
    return items


def when(event: Event) -> str:
    return event["id"]["time"]


def uid(event: Event) -> str:
    return event["id"]["uniqueQualifier"]


def nobody_gains_power(ordinary: list[Event], end: datetime) -> None:
    """Few failures, nobody becomes an administrator, nothing is shared with the world, applications only read."""
    failures: Counter[tuple[str, str]] = Counter()
    kinds: Counter[str] = Counter()
    for event in ordinary:
        (primary,) = [
            e for e in event["events"] if {"name": "primary_event", "boolValue": False} not in e["parameters"]
        ]
        told = {p["name"]: p for p in primary["parameters"]}
        kinds[primary["name"]] += 1
        if primary["name"] == "login_failure":
            failures[event["actor"]["email"], event["id"]["time"][:13]] += 1
        if primary["name"] == "authorize":
            assert all(scope.endswith(".readonly") for scope in told["scope"]["multiValue"])
        if primary["name"] == "change_user_access":
            assert told["target_user"]["value"].endswith("@example.com")
            assert told["new_value"]["multiValue"] == ["can_view"]
    assert max(failures.values()) == 1
    assert kinds.keys() == {
        "ADD_GROUP_MEMBER",
        "REMOVE_GROUP_MEMBER",
        "authorize",
        "change_user_access",
        "create",
        "edit",
        "login_failure",
        "login_success",
        "logout",
        "rename",
        "view",
    }


ORDINARY = (nobody_gains_power,)
