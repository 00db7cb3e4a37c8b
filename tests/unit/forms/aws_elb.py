"""Load balancer access logs, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"s3/example-org-load-balancer-logs/AWSLogs/(\d{12})/elasticloadbalancing/([a-z0-9-]+)/(\d{4})/(\d\d)/(\d\d)/"
    r"\1_elasticloadbalancing_\2_(?:(?:app|net)\.[a-z-]+\.[0-9a-f]{16}|[a-z-]+)_\3\4\5T\d{4}Z(?:_[\d.]+)?_[0-9a-f]{8}"
    r"\.log(?:\.gz)?"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6}Z)?")
FIELD = re.compile(r'"[^"]*"(?:,"[^"]*")*|\S+')
PLACES = {"application": (1, 2, 3), "network": (2, 3, 5), "classic": (0, 1, 2)}
"""Where time, load balancer and client stand."""


def events(data: bytes) -> list[Event]:
    """The lines of one object, by what is in every format; `fields` are all of them."""
    text = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    found = []
    for line in text.decode().splitlines():
        fields = FIELD.findall(line)
        kind = {33: "application", 22: "network", 15: "classic"}[len(fields)]
        time, name, client = (fields[place] for place in PLACES[kind])
        found.append({"kind": kind, "time": time, "elb": name, "client": client, "line": line, "fields": fields})
    return found


def when(event: Event) -> str:
    return str(event["time"])


def uid(event: Event) -> str:
    """No load balancer gives an id: the line itself."""
    return str(event["line"])


def has_every_form(ordinary: list[Event], end: datetime) -> None:
    """All three formats; what was answered, turned away and not understood; a TLS session that came to none."""
    kinds = Counter(event["kind"] for event in ordinary)
    assert set(kinds) == {"application", "network", "classic"}
    assert kinds["application"] > kinds["network"] > 0
    status = {event["fields"][8] for event in ordinary if event["kind"] == "application"}
    assert status >= {"200", "304", "404", "301", "400"}
    assert {event["fields"][11] for event in ordinary if event["kind"] == "network"} == {"-", "48"}
    assert {event["fields"][11] == '"- - - "' for event in ordinary if event["kind"] == "classic"} == {True, False}
    assert all(event["client"].startswith("192.0.2.") for event in ordinary)


ORDINARY = (has_every_form,)
