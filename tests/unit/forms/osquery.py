"""osquery's logs, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from isal import igzip

Event = dict[str, Any]
KEY = re.compile(
    r"s3/example-org-runtime/osquery/ip-10-\d+-1-\d+\.ec2\.internal/\d{4}/\d\d/\d\d/\d\d/\d\d/\d\d-[0-9a-f-]{36}\.gz"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


def events(data: bytes) -> list[Event]:
    """The lines of one object."""
    return [json.loads(line) for line in igzip.decompress(data).splitlines()]


def when(event: Event) -> str:
    return datetime.fromtimestamp(int(event["unixTime"]), UTC).isoformat()


def uid(event: Event) -> str:
    return f"{event['hostIdentifier']}|{event['counter']}"


def both_times_are_one(ordinary: list[Event], end: datetime) -> None:
    """What the two times of a line say is the same moment."""
    for event in ordinary:
        told = datetime.strptime(event["calendarTime"], "%a %b %d %H:%M:%S %Y UTC").replace(tzinfo=UTC)
        assert told.isoformat() == when(event)
        assert event["decorations"]["hostname"] == event["hostIdentifier"]


def most_rows_are_processes(ordinary: list[Event], end: datetime) -> None:
    """Processes have an id, a path and texts only; the rest is of other queries, or of osqueryd."""
    processes = [event["columns"] for event in ordinary if "pid" in event.get("columns", {})]
    assert len(ordinary) / 2 < len(processes) < len(ordinary)
    assert all(isinstance(value, str) for columns in processes for value in columns.values())
    assert all(columns["path"].startswith("/") for columns in processes)
    assert {event.get("action") for event in ordinary} == {"added", "removed", "snapshot", None}


ORDINARY = (both_times_are_one, most_rows_are_processes)
