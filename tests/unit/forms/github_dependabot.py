"""Dependabot alerts, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-scans/github_dependabot/[a-z0-9-]+/(\d{4})/(\d\d)/(\d\d)/\1\2\3T\d{9}(-again)?\.json")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def events(data: bytes) -> list[Event]:
    """The alerts of one object's deliveries, each with its repository."""
    found = []
    for line in data.splitlines():
        delivery = json.loads(line)
        assert delivery["headers"]["X-GitHub-Event"] == "dependabot_alert"
        found.append({"repository": delivery["body"]["repository"]["full_name"], **delivery["body"]["alert"]})
    return found


def when(event: Event) -> str:
    return event["updated_at"]


def uid(event: Event) -> str:
    return f"{event['url']}|{event['updated_at']}|{event['state']}"


def every_alert_is_mended(ordinary: list[Event], end: datetime) -> None:
    lives: dict[str, set[str]] = defaultdict(set)
    for event in ordinary:
        assert event["url"].startswith(f"https://api.github.com/repos/{event['repository']}/dependabot/alerts/")
        lives[event["url"]].add(event["state"])
    assert lives and all(states == {"open", "fixed"} for states in lives.values())


ORDINARY = (every_alert_is_mended,)
