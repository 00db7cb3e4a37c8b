"""S3 server access logs, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"s3/example-org-access-logs/server-access/\d{12}/[a-z0-9-]+/[a-z0-9.-]+/\d{4}/\d\d/\d\d/"
    r"\d{4}(?:-\d\d){5}-[0-9A-F]{16}"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
"""Of what `when` makes of the bracketed time."""
LINE = re.compile(
    r"(?P<owner>[0-9a-f]{64}) (?P<bucket>[a-z0-9.-]+) (?P<time>\[[^\]]+\]) (?P<ip>\S+) (?P<requester>\S+) "
    r"(?P<request>[0-9A-F]{16}) (?P<operation>[A-Z0-9_.]+) (?P<key>\S+) (?P<uri>\"[^\"]*\"|-) (?P<status>\d{3}|-) "
    r"(?P<error>\w+|-) (?P<sent>\d+|-) (?P<size>\d+|-) (?P<total>\d+|-) (?P<turn>\d+|-) (?P<referer>\"[^\"]*\"|-) "
    r"(?P<agent>\"[^\"]*\"|-) (?P<version>\S+) (?P<host_id>\S+) (?P<signature>\S+) (?P<cipher>\S+) (?P<auth>\S+) "
    r"(?P<host>\S+) (?P<tls>\S+) (?P<access_point>\S+) (?P<acl>Yes|-)"
)


def events(data: bytes) -> list[Event]:
    """The lines of one object, each with its fields by AWS's order of them."""
    found = [(line, LINE.fullmatch(line)) for line in data.decode().splitlines()]
    assert all(match for _, match in found), [line for line, match in found if not match][:1]
    return [match.groupdict() for _, match in found if match]


def when(event: Event) -> str:
    return datetime.strptime(event["time"], "[%d/%b/%Y:%H:%M:%S %z]").replace(tzinfo=None).isoformat()


def uid(event: Event) -> str:
    return f"{event['request']}|{event['operation']}|{event['key']}"


def has_every_form(ordinary: list[Event], end: datetime) -> None:
    """Visitors without a name, roles, people and the lifecycle rule; what is refused, and what a batch removes."""
    kinds = Counter(event["operation"] for event in ordinary)
    assert set(kinds) == {
        "WEBSITE.GET.OBJECT", "REST.GET.OBJECT", "REST.PUT.OBJECT", "REST.GET.BUCKET", "BATCH.DELETE.OBJECT",
        "S3.EXPIRE.OBJECT",
    }  # fmt: skip
    assert {event["status"] for event in ordinary} >= {"200", "304", "403", "404", "204", "-"}
    requests = Counter(event["request"] for event in ordinary)
    assert max(requests.values()) > 1
    assert all((event["ip"] == "-") == (event["requester"] == "AmazonS3") for event in ordinary)


def people_work_by_day(ordinary: list[Event], end: datetime) -> None:
    """Nobody of the organisation touches the bucket at the weekend."""
    by_people = [event for event in ordinary if "@example.com" in event["requester"]]
    days = {datetime.fromisoformat(when(event)).weekday() for event in by_people}
    assert days and max(days) < 5


ORDINARY = (has_every_form, people_work_by_day)
