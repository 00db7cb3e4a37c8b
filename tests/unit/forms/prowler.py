"""Prowler's reports, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-scans/prowler/\d{12}/(\d{4})/(\d\d)/(\d\d)/prowler-\1\2\3T\d{9}(-again)?\.ocsf\.json")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}")


def events(data: bytes) -> list[Event]:
    """The findings of one report."""
    found: list[Event] = json.loads(data)
    return found


def when(event: Event) -> str:
    return str(event["time_dt"])


def uid(event: Event) -> str:
    return f"{event['finding_info']['uid']}|{event['time_dt']}"


def each_account_is_checked(ordinary: list[Event], end: datetime) -> None:
    """A finding says of which account it is, its two times are one, and none is critical."""
    assert {event["cloud"]["account"]["uid"] for event in ordinary} == {"111122223333", "444455556666", "777788889999"}
    assert {event["status_code"] for event in ordinary} == {"PASS", "FAIL"}
    assert "Critical" not in {event["severity"] for event in ordinary}
    for event in ordinary:
        assert int(datetime.fromisoformat(when(event)).replace(tzinfo=UTC).timestamp()) == event["time"]


ORDINARY = (each_account_is_checked,)
