"""The application's log, as the simulation must write it: its form, and what its ordinary days hold."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from isal import igzip

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-app-logs/back-office/\d{4}/\d\d/\d\d/\d\d/\d\d/\d\d-[0-9a-f-]{36}\.gz")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def events(data: bytes) -> list[Event]:
    """The lines of one object."""
    return [json.loads(line) for line in igzip.decompress(data).splitlines()]


def when(event: Event) -> str:
    return str(event["@timestamp"])


def uid(event: Event) -> str:
    return str(event["event"]["id"])


def people_work_with_it(ordinary: list[Event], end: datetime) -> None:
    """Most of what is told are calls that succeed; nobody guesses a password."""
    signed = [event for event in ordinary if event["event"]["category"] == ["authentication"]]
    calls = [event for event in ordinary if event["event"]["category"] == ["api"]]
    assert signed and len(signed) + len(calls) == len(ordinary)
    assert sum(event["event"]["outcome"] == "failure" for event in ordinary) < 0.06 * len(ordinary)
    assert len({event["user"]["id"] for event in ordinary}) > 8
    assert all(event["http"]["response"]["status_code"] in (200, 403) for event in calls)


ORDINARY = (people_work_with_it,)
