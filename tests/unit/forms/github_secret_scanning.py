"""Secret scanning alerts, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-scans/github_secret_scanning/[a-z0-9-]+/\d{4}/\d\d/\d\d/\d{6}(-again)?\.jsonl")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def events(data: bytes) -> list[Event]:
    """The alerts of one object's deliveries, each with its repository."""
    found = []
    for line in data.splitlines():
        delivery = json.loads(line)
        assert delivery["headers"]["X-GitHub-Event"] == "secret_scanning_alert"
        found.append({"repository": delivery["body"]["repository"]["full_name"], **delivery["body"]["alert"]})
    return found


def when(event: Event) -> str:
    return str(event["updated_at"])


def uid(event: Event) -> str:
    return f"{event['url']}|{event['updated_at']}|{event['state']}"


def every_secret_is_revoked(ordinary: list[Event], end: datetime) -> None:
    """An alert is open and then resolved, by somebody; its secret is of no provider's form."""
    lives: dict[str, set[str]] = defaultdict(set)
    for event in ordinary:
        assert event["url"].startswith(f"https://api.github.com/repos/{event['repository']}/secret-scanning/alerts/")
        assert re.fullmatch(r"simulated-[0-9a-f]{24}", event["secret"])
        assert (event["state"] == "resolved") == (event["resolution"] == "revoked") == bool(event["resolved_by"])
        lives[event["url"]].add(event["state"])
    assert lives and all(states == {"open", "resolved"} for states in lives.values())


ORDINARY = (every_secret_is_revoked,)
