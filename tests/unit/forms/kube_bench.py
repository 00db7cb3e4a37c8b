"""kube-bench's reports, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"s3/example-org-scans/kube_bench/ip-10-\d+-1-\d+\.ec2\.internal/(\d{4})/(\d\d)/(\d\d)/"
    r"kube_bench-\1\2\3T\d{9}(-again)?\.json"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def events(data: bytes) -> list[Event]:
    """The checks of one report, each with what the node's clock said."""
    report = json.loads(data)
    found = [
        result
        for control in report["Controls"]
        for section in control["tests"]
        for result in section["results"]
        if control["node_type"] == "node"
    ]
    told = Counter(f"total_{result['status'].lower()}" for result in found)
    assert report["Totals"] == {"total_info": 0} | told
    (clock,) = (result["actual_value"] for result in found if "clock" in result["actual_value"])
    return [{"clock": clock.removeprefix("clock="), **result} for result in found]


def when(event: Event) -> str:
    return str(event["clock"])


def uid(event: Event) -> str:
    return f"{event['clock']}|{event['test_number']}"


def checks_fail_pass_and_wait(ordinary: list[Event], end: datetime) -> None:
    """A check that a person must make is not scored, and says why."""
    assert {event["status"] for event in ordinary} == {"PASS", "FAIL", "WARN"}
    assert all(event["scored"] is not (event["status"] == "WARN") for event in ordinary)
    assert all(event["reason"] for event in ordinary if event["status"] == "WARN")


ORDINARY = (checks_fail_pass_and_wait,)
