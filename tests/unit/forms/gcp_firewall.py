"""Google Cloud firewall logs, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"gcs/example-org-firewall-logs/compute\.googleapis\.com/firewall/\d{4}/\d\d/\d\d/"
    r"(\d\d):00:00_\1:59:59_[AS]\d+\.json"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")


def events(data: bytes) -> list[Event]:
    """The records of one object."""
    return [json.loads(line) for line in data.splitlines()]


def when(event: Event) -> str:
    return event["timestamp"]


def uid(event: Event) -> str:
    return "|".join(event[k] for k in ("logName", "timestamp", "insertId"))


def only_the_web_is_open(ordinary: list[Event], end: datetime) -> None:
    """What is let through goes to the web's port; all else is denied, and nobody is denied at many doors."""
    doors: dict[tuple[str, str], set[tuple[str, int]]] = defaultdict(set)
    for event in ordinary:
        flow = event["jsonPayload"]
        to = flow["connection"]
        assert (to["dest_port"] == 443) == (flow["disposition"] == "ALLOWED")
        assert flow["rule_details"]["action"] == {"ALLOWED": "ALLOW", "DENIED": "DENY"}[flow["disposition"]]
        if flow["disposition"] == "DENIED":
            doors[to["src_ip"], event["timestamp"][:13]].add((to["dest_ip"], to["dest_port"]))
    assert 0 < max(map(len, doors.values())) < 5


ORDINARY = (only_the_web_is_open,)
