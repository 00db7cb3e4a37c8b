"""Azure Firewall's logs, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"azure/firewall/insights-logs-azfw(networkrule|applicationrule|natrule|dnsquery)/resourceId=/SUBSCRIPTIONS/[0-9A-F-]{36}/"
    r"RESOURCEGROUPS/RG-[A-Z]+/PROVIDERS/MICROSOFT\.NETWORK/AZUREFIREWALLS/FW-HUB/y=\d{4}/m=\d\d/d=\d\d/h=\d\d/m=00/PT1H\.json"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z")


def events(data: bytes) -> list[Event]:
    """The records of one piece of a blob."""
    return [json.loads(line) for line in data.splitlines()]


def when(event: Event) -> str:
    return str(event["time"])


def uid(event: Event) -> str:
    """No record has an id: the line itself."""
    return json.dumps(event, separators=(",", ":"))


def what_is_allowed_is_asked_for_first(ordinary: list[Event], end: datetime) -> None:
    """Every host that a machine goes to is one whose name it asked for; only the internet is turned away."""
    kinds = Counter(event["category"] for event in ordinary)
    assert kinds.keys() == {"AZFWNetworkRule", "AZFWApplicationRule", "AZFWNatRule", "AZFWDnsQuery"}
    facts = {kind: [event["properties"] for event in ordinary if event["category"] == kind] for kind in kinds}
    asked = {fact["QueryName"] for fact in facts["AZFWDnsQuery"] if fact["ResponseCode"] == "NOERROR"}
    assert {f"{fact['Fqdn']}." for fact in facts["AZFWApplicationRule"]} == asked
    denied = {fact["SourceIp"] for fact in facts["AZFWNetworkRule"] if fact["Action"] == "Deny"}
    assert denied and all(ip.startswith("198.18.") for ip in denied)
    assert any(fact["ResponseCode"] == "NXDOMAIN" for fact in facts["AZFWDnsQuery"])
    assert len({fact["SourceIp"] for fact in facts["AZFWNatRule"]}) > 5


ORDINARY = (what_is_allowed_is_asked_for_first,)
