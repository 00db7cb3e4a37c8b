"""Route 53 Resolver query logs, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"s3/example-org-dns-logs/AWSLogs/(\d{12})/vpcdnsquerylogs/(vpc-[0-9a-f]{17})/(\d{4})/(\d\d)/(\d\d)/"
    r"\2_vpcdnsquerylogs_\1_\3\4\5T\d{4}Z_[0-9a-f]{8}\.log\.gz"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def events(data: bytes) -> list[Event]:
    """The records of one object."""
    return [json.loads(line) for line in gzip.decompress(data).splitlines()]


def when(event: Event) -> str:
    return event["query_timestamp"]


def uid(event: Event) -> str:
    return "|".join(event[k] for k in ("query_timestamp", "srcaddr", "srcport", "query_type", "query_name"))


def has_every_form(ordinary: list[Event], end: datetime) -> None:
    """Both kinds of address, reverse names, failures, chains of answers, and names on the firewall's lists."""
    assert {event["query_type"] for event in ordinary} == {"A", "AAAA", "PTR"}
    assert {event["rcode"] for event in ordinary} == {"NOERROR", "NXDOMAIN", "SERVFAIL"}
    assert {len(event["answers"]) for event in ordinary} == {0, 1, 2}
    assert {event.get("firewall_rule_action") for event in ordinary} == {None, "ALERT", "BLOCK"}
    assert all(event["query_name"].endswith(".") and event["srcids"]["instance"] for event in ordinary)


def nobody_asks_for_much_that_is_not_there(ordinary: list[Event], end: datetime) -> None:
    """Few unknown names and few listed ones for each instance and hour: no generated domains, no tunnel."""
    missing: Counter[tuple[str, str]] = Counter()
    listed: Counter[tuple[str, str]] = Counter()
    for event in ordinary:
        who = event["srcaddr"], event["query_timestamp"][:13]
        missing[who] += event["rcode"] == "NXDOMAIN"
        listed[who] += "firewall_rule_action" in event
        assert len(event["query_name"]) < 60
    assert 0 < max(missing.values()) < 10
    assert 0 < max(listed.values()) < 4


ORDINARY = (has_every_form, nobody_asks_for_much_that_is_not_there)
