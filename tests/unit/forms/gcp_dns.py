"""Cloud DNS query logs, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"gcs/example-org-dns-logs/dns\.googleapis\.com/dns_queries/\d{4}/\d\d/\d\d/(\d\d):00:00_\1:59:59_[AS]\d+\.json"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")


def events(data: bytes) -> list[Event]:
    """The records of one object."""
    return [json.loads(line) for line in data.splitlines()]


def when(event: Event) -> str:
    return event["timestamp"]


def uid(event: Event) -> str:
    return "|".join(event[k] for k in ("logName", "timestamp", "insertId"))


def each_side_has_its_form(ordinary: list[Event], end: datetime) -> None:
    """An instance's answers are text, those of a public zone a list, and who asked that is not told."""
    kinds = Counter(event["resource"]["labels"]["source_type"] for event in ordinary)
    assert set(kinds) == {"gce-vm", "internet"}
    for event in ordinary:
        query = event["jsonPayload"]
        is_public = event["resource"]["labels"]["source_type"] == "internet"
        assert ("structuredRdata" in query, "rdata" in query) == (is_public, not is_public)
        assert ("sourceIP" in query) != is_public
    assert {event["jsonPayload"]["responseCode"] for event in ordinary} == {"NOERROR", "NXDOMAIN", "SERVFAIL"}


def nobody_asks_for_much_that_is_not_there(ordinary: list[Event], end: datetime) -> None:
    """Few unknown names for each instance and hour: no generated domains, no tunnel."""
    missing: Counter[tuple[str, str]] = Counter()
    for event in ordinary:
        query = event["jsonPayload"]
        assert len(query["queryName"]) < 60
        if "sourceIP" in query:
            missing[query["sourceIP"], event["timestamp"][:13]] += query["responseCode"] == "NXDOMAIN"
    assert 0 < max(missing.values()) < 10


ORDINARY = (each_side_has_its_form, nobody_asks_for_much_that_is_not_there)
