"""Microsoft Graph's activity log, as the simulation must write it: its form, and what its ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"azure/insights-logs-microsoftgraphactivitylogs/tenantId=[0-9a-f-]{36}/y=\d{4}/m=\d\d/d=\d\d/h=\d\d/m=00/PT1H\.json"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z")


def events(data: bytes) -> list[Event]:
    """The records of one piece of a blob."""
    return [json.loads(line) for line in data.splitlines()]


def when(event: Event) -> str:
    assert event["properties"]["timeGenerated"] == event["time"]
    return str(event["time"])


def uid(event: Event) -> str:
    return str(event["properties"]["requestId"])


def people_read_and_one_application_writes(ordinary: list[Event], end: datetime) -> None:
    """A request is a person's or an application's; people read about themselves; nobody is refused."""
    requests = [event["properties"] for event in ordinary]
    assert Counter(request["responseStatusCode"] for request in requests).keys() == {200, 204, 404}
    assert all((request["userId"] is None) != (request["servicePrincipalId"] is None) for request in requests)
    assert all((request["scopes"] is None) == (request["userId"] is None) for request in requests)
    of_people = [request for request in requests if request["userId"]]
    assert len({request["userId"] for request in of_people}) > 3
    assert {request["requestMethod"] for request in of_people} == {"GET"}
    assert {r["servicePrincipalId"] for r in requests if r["requestMethod"] == "PATCH"} < {
        r["servicePrincipalId"] for r in requests if not r["userId"]
    }


ORDINARY = (people_read_and_one_application_writes,)
