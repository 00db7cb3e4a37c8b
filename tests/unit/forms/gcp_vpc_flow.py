"""Google Cloud VPC flow logs, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"gcs/example-org-vpc-flow-logs/compute\.googleapis\.com/vpc_flows/\d{4}/\d\d/\d\d/"
    r"(\d\d):00:00_\1:59:59_[AS]\d+\.json"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")
COMMON = {53, 80, 123, 443}


def events(data: bytes) -> list[Event]:
    """The records of one object."""
    return [json.loads(line) for line in data.splitlines()]


def when(event: Event) -> str:
    return event["timestamp"]


def uid(event: Event) -> str:
    return "|".join(event[k] for k in ("logName", "timestamp", "insertId"))


def each_side_tells_what_it_is(ordinary: list[Event], end: datetime) -> None:
    """The side that reports is an instance; a flow between two instances is reported by both."""
    seen: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for event in ordinary:
        flow = event["jsonPayload"]
        own, far = ("src", "dest") if flow["reporter"] == "SRC" else ("dest", "src")
        assert f"{own}_instance" in flow
        assert {f"{far}_{known}" in flow for known in ("instance", "location", "google_service")} == {True, False}
        assert flow["bytes_sent"].isdigit() and flow["packets_sent"].isdigit()
        if f"{far}_instance" in flow:
            ends = tuple(flow["connection"][k] for k in ("src_ip", "src_port", "dest_ip", "dest_port"))
            seen[(*ends, event["timestamp"][:23])][flow["reporter"]] += 1
    assert len(seen) > 50
    assert all(reporters == {"SRC": 1, "DEST": 1} for reporters in seen.values())


def nobody_knocks_at_ten_places(ordinary: list[Event], end: datetime) -> None:
    """In no quarter of an hour does anybody come near the number of a port scan."""
    targets: dict[tuple[str, str], set[tuple[str, int]]] = defaultdict(set)
    for event in ordinary:
        flow = event["jsonPayload"]["connection"]
        if flow["dest_port"] not in COMMON and flow["dest_port"] < 32768:
            quarter = event["timestamp"][:14] + str(int(event["timestamp"][14:16]) // 15)
            targets[flow["src_ip"], quarter].add((flow["dest_ip"], flow["dest_port"]))
    assert 0 < max(map(len, targets.values())) < 5


ORDINARY = (each_side_tells_what_it_is, nobody_knocks_at_ten_places)
