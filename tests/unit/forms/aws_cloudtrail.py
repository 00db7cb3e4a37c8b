"""AWS CloudTrail, as the simulation must write it: its form, and what its ordinary days hold."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"s3/example-org-cloudtrail/AWSLogs/(\d{12})/(CloudTrail|CloudTrail-Insight)/([a-z0-9-]+)/(\d{4})/(\d\d)/(\d\d)/"
    r"\1_\2_\3_\4\5\6T\d{4}Z_[A-Za-z0-9]{16}\.json\.gz"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def events(data: bytes) -> list[Event]:
    """The records of one object."""
    return json.loads(gzip.decompress(data))["Records"]


def when(event: Event) -> str:
    return event["eventTime"]


def uid(event: Event) -> str:
    return event["eventID"]


def _network(address: str) -> str:
    if ":" in address:
        return address.split("::")[0]
    return address.rsplit(".", 1)[0] if address[0].isdigit() else ""


def _calls(found: list[Event]) -> list[Event]:
    return [event for event in found if "insightDetails" not in event]


def _rows(found: list[Event]) -> Iterator[tuple[str, str, Event]]:
    for event in _calls(found):
        identity = event["userIdentity"]
        issuer = identity.get("sessionContext", {}).get("sessionIssuer", {}).get("arn", identity.get("arn", ""))
        yield issuer, event["eventTime"][:13], event


def stays_below_every_threshold(ordinary: list[Event], end: datetime) -> None:
    """Without chains nothing counts up to a finding, not even for all sessions of one role together."""
    counts: Counter[tuple[str, str, str]] = Counter()
    names: Counter[str] = Counter()
    for issuer, hour, event in _rows(ordinary):
        names[event["eventName"]] += 1
        if event.get("errorCode"):
            counts["denied", issuer, hour] += 1
        if event["eventName"] in ("DeleteObject", "DeleteObjects"):
            counts["delete", issuer, hour] += 1
        if event["eventName"] == "GetSecretValue":
            counts["secret", issuer, hour] += 1
        request = event["requestParameters"] or {}
        assert "userData" not in request
        assert "x-amz-server-side-encryption-customer-algorithm" not in request
        assert not request.get("policyArn", "").endswith("/AdministratorAccess")
        if event["eventName"] in ("StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors"):
            assert event["errorCode"] == "AccessDenied"
    for what, limit in (("denied", 15), ("delete", 50), ("secret", 20)):
        highest = max(n for (kind, _, _), n in counts.items() if kind == what)
        assert 0 < highest < limit, what
    assert names["DeleteObject"] and names["ModifyInstanceAttribute"] and names["CopyObject"] > 50


def networks_are_known_from_the_first_days(ordinary: list[Event], end: datetime) -> None:
    """After two weeks nobody comes from a network that was not used within the last two."""
    last: dict[tuple[str, str], datetime] = {}
    late = 0
    for event in sorted(_calls(ordinary), key=lambda e: str(e["eventTime"])):
        network = _network(event["sourceIPAddress"])
        identity = event["userIdentity"]
        if not network:
            continue
        principal = identity.get("arn", identity["principalId"])
        if "@" not in principal:  # a machine: its sessions' names change, its role does not
            principal = identity.get("sessionContext", {}).get("sessionIssuer", {}).get("arn", principal)
        key = (principal, network)
        at = datetime.fromisoformat(event["eventTime"])
        if (end - at).days < 7:
            late += 1
            assert key in last and (at - last[key]).days < 14, key
        last[key] = at
    assert late > 1000
    assert len(last) > 40


def unusual_activity_begins_and_ends(ordinary: list[Event], end: datetime) -> None:
    """Insights are pairs of one activity, and some last beyond the end."""
    pairs: defaultdict[str, list[Event]] = defaultdict(list)
    for event in sorted((e for e in ordinary if "insightDetails" in e), key=when):
        pairs[event["sharedEventID"]].append(event)
    assert len(pairs) > 5
    whole = [pair for pair in pairs.values() if len(pair) == 2]
    assert len(whole) >= len(pairs) - 2
    for begin, over in whole:
        assert (begin["insightDetails"]["state"], over["insightDetails"]["state"]) == ("Start", "End")
        lasted = datetime.fromisoformat(when(over)) - datetime.fromisoformat(when(begin))
        minutes = over["insightDetails"]["insightContext"]["statistics"]["insightDuration"]
        assert lasted == timedelta(minutes=minutes) and begin["eventID"] != over["eventID"]


ORDINARY = (stays_below_every_threshold, networks_are_known_from_the_first_days, unusual_activity_begins_and_ends)
