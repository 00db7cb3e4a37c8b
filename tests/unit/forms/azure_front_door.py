"""Front Door's logs, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"azure/front-door/insights-logs-frontdoor(accesslog|webapplicationfirewalllog)/resourceId=/SUBSCRIPTIONS/[0-9A-F-]{36}/"
    r"RESOURCEGROUPS/RG-[A-Z]+/PROVIDERS/MICROSOFT\.CDN/PROFILES/AFD-SHOP/y=\d{4}/m=\d\d/d=\d\d/h=\d\d/m=00/PT1H\.json"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z")


def events(data: bytes) -> list[Event]:
    """The records of one piece of a blob."""
    return [json.loads(line) for line in data.splitlines()]


def when(event: Event) -> str:
    return str(event["time"])


def uid(event: Event) -> str:
    return f"{event['category'].removeprefix('FrontDoor')}|{event['properties']['trackingReference']}"


def what_is_blocked_is_told_twice(ordinary: list[Event], end: datetime) -> None:
    """Each block of the firewall has its access, answered with 403 and by no origin; all numbers are text."""
    access = {uid(e).split("|")[1]: e["properties"] for e in ordinary if e["category"] == "FrontDoorAccessLog"}
    blocks = {uid(e).split("|")[1]: e["properties"] for e in ordinary if "WebApplicationFirewall" in e["category"]}
    assert len(access) + len(blocks) == len(ordinary)
    assert {key for key, request in access.items() if request["httpStatusCode"] == "403"} == blocks.keys() != set()
    assert all((request["originIp"] == "N/A") == (key in blocks) for key, request in access.items())
    assert {request["action"] for request in blocks.values()} == {"Block"}
    assert {request["hostName"] for request in access.values()} == {"portal.example.com", "shop.example.com"}
    assert all(isinstance(value, str | list) for request in access.values() for value in request.values())


ORDINARY = (what_is_blocked_is_told_twice,)
