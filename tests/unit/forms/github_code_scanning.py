"""Code scanning alerts, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-scans/github_code_scanning/[a-z0-9-]+/\d{4}/\d\d/\d\d/\d{6}(-again)?\.jsonl")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def events(data: bytes) -> list[Event]:
    """The alerts of one object's deliveries, each with its repository and what was done."""
    found = []
    for line in data.splitlines():
        delivery = json.loads(line)
        assert delivery["headers"]["X-GitHub-Event"] == "code_scanning_alert"
        body = delivery["body"]
        found.append({"repository": body["repository"]["full_name"], "action": body["action"], **body["alert"]})
    return found


def when(event: Event) -> str:
    return str(event["updated_at"])


def uid(event: Event) -> str:
    return f"{event['url']}|{event['updated_at']}|{event['state']}"


def what_is_gone_is_fixed(ordinary: list[Event], end: datetime) -> None:
    """An alert is made once and fixed at most once, later; of a repository the newest stands."""
    lives: dict[str, dict[str, str]] = defaultdict(dict)
    for event in ordinary:
        assert event["url"].startswith(f"https://api.github.com/repos/{event['repository']}/code-scanning/alerts/")
        assert event["action"] not in lives[event["url"]]
        assert (event["state"] == "fixed") == (event["action"] == "fixed") == bool(event["fixed_at"])
        lives[event["url"]][event["action"]] = when(event)
    assert all("created" in life for life in lives.values())
    fixed = [life for life in lives.values() if "fixed" in life]
    assert 0 < len(fixed) < len(lives)
    assert all(life["created"] <= life["fixed"] for life in fixed)


ORDINARY = (what_is_gone_is_fixed,)
