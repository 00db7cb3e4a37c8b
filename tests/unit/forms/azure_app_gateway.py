"""Application Gateway's logs, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"azure/application-gateway/insights-logs-applicationgateway(access|firewall)log/resourceId=/SUBSCRIPTIONS/[0-9A-F-]{36}/"
    r"RESOURCEGROUPS/RG-[A-Z]+/PROVIDERS/MICROSOFT\.NETWORK/APPLICATIONGATEWAYS/AGW-SHOP/"
    r"y=\d{4}/m=\d\d/d=\d\d/h=\d\d/m=00/PT1H\.json"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


def events(data: bytes) -> list[Event]:
    """The records of one piece of a blob."""
    return [json.loads(line) for line in data.splitlines()]


def when(event: Event) -> str:
    return str(event["timeStamp"])


def uid(event: Event) -> str:
    return f"{event['operationName'].removeprefix('ApplicationGateway')}|{event['properties']['transactionId']}"


def what_is_blocked_is_told_twice(ordinary: list[Event], end: datetime) -> None:
    """Each block of the firewall has its access, answered with 403; the portal is the people's, and never blocked."""
    access = {uid(e): e["properties"] for e in ordinary if e["category"] == "ApplicationGatewayAccessLog"}
    blocks = {uid(e): e["properties"] for e in ordinary if e["category"] == "ApplicationGatewayFirewallLog"}
    assert len(access) + len(blocks) == len(ordinary)
    refused = {key.split("|")[1] for key, request in access.items() if request["httpStatus"] == 403}
    assert refused == {key.split("|")[1] for key in blocks} and refused
    assert {request["action"] for request in blocks.values()} == {"Blocked"}
    assert {request["host"] for request in access.values()} == {"portal.example.com", "shop.example.com"}
    assert {r["httpStatus"] for r in access.values() if r["host"].startswith("portal")} == {200}
    assert {request["httpMethod"] for request in access.values()} == {"GET", "POST", "HEAD"}


ORDINARY = (what_is_blocked_is_told_twice,)
