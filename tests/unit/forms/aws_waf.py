"""AWS WAF logs, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"s3/aws-waf-logs-example-org/AWSLogs/(\d{12})/WAFLogs/([a-z0-9-]+)/([\w-]+)/(\d{4})/(\d\d)/(\d\d)/(\d\d)/(\d\d)/"
    r"\1_waflogs_\2_\3_\4\5\6T\7\8Z_[0-9a-f]{8}\.log\.gz"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?")
"""Of what `when` makes of the epoch milliseconds."""


def events(data: bytes) -> list[Event]:
    """The records of one object."""
    return [json.loads(line) for line in gzip.decompress(data).splitlines()]


def when(event: Event) -> str:
    return datetime.fromtimestamp(event["timestamp"] / 1000, UTC).replace(tzinfo=None).isoformat()


def uid(event: Event) -> str:
    return str(event["httpRequest"]["requestId"])


def has_every_form(ordinary: list[Event], end: datetime) -> None:
    """Both web ACLs; every action, with the rule, group, rate or puzzle behind it."""
    assert {event["httpSourceName"] for event in ordinary} == {"ALB", "CF"}
    actions = Counter(event["action"] for event in ordinary)
    assert set(actions) == {"ALLOW", "BLOCK", "CAPTCHA", "CHALLENGE"}
    assert {event["terminatingRuleType"] for event in ordinary} == {"REGULAR", "RATE_BASED", "MANAGED_RULE_GROUP"}
    assert all(("labels" in event) == bool(event["ruleGroupList"]) for event in ordinary)
    assert all(("captchaResponse" in event) == (event["action"] == "CAPTCHA") for event in ordinary)


def nobody_tries_for_long(ordinary: list[Event], end: datetime) -> None:
    """Few requests of one client are stopped within an hour: no scan, no flood."""
    stopped = Counter(
        (event["httpRequest"]["clientIp"], when(event)[:13]) for event in ordinary if event["action"] != "ALLOW"
    )
    assert 0 < max(stopped.values()) < 4


ORDINARY = (has_every_form, nobody_tries_for_long)
