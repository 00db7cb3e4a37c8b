"""OCSF events of the proxy, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from isal import igzip

Event = dict[str, Any]
KEY = re.compile(
    r"s3/example-org-egress-proxy/\d{12}/[a-z]+-[a-z]+-\d/\d{4}/\d\d/\d\d/\d\d/\d\d/\d\d-[0-9a-f-]{36}\.gz"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")


def events(data: bytes) -> list[Event]:
    """The events of one object."""
    return [json.loads(line) for line in igzip.decompress(data).splitlines()]


def when(event: Event) -> str:
    return datetime.fromtimestamp(event["time"] / 1000, UTC).isoformat(timespec="milliseconds")


def uid(event: Event) -> str:
    return str(event["metadata"]["uid"])


def numbers_say_what_words_say(ordinary: list[Event], end: datetime) -> None:
    """Type, class and activity fit; what is denied is few, and has no address that it would have gone to."""
    denied = [event for event in ordinary if event["action_id"] == 2]
    assert len(denied) < len(ordinary) / 10
    assert not any("ip" in event["dst_endpoint"] for event in denied)
    for event in ordinary:
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"] in (400203, 400206)
        assert event["http_request"]["http_method"].title() == event["activity_name"]


ORDINARY = (numbers_say_what_words_say,)
