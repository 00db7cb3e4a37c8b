"""CloudFront standard logs, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"s3/example-org-cdn-logs/AWSLogs/\d{12}/CloudFront/(E[A-Z0-9]{13})/(\d{4})/(\d\d)/(\d\d)/(\d\d)/"
    r"\1\.\2-\3-\4-\5\.[0-9a-f]{8}\.gz"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def events(data: bytes) -> list[Event]:
    """The lines of one object, each with its columns by the object's header."""
    version, names, *lines = gzip.decompress(data).decode().splitlines()
    assert version == "#Version: 1.0"
    directive, *columns = names.split(" ")
    assert directive == "#Fields:" and len(columns) == 33
    return [dict(zip(columns, line.split("\t"), strict=True)) for line in lines]


def when(event: Event) -> str:
    return f"{event['date']}T{event['time']}"


def uid(event: Event) -> str:
    return str(event["x-edge-request-id"])


def has_every_form(ordinary: list[Event], end: datetime) -> None:
    """What the edge had, fetched and refused, who went away; plain HTTP only where it is redirected."""
    results = Counter(event["x-edge-result-type"] for event in ordinary)
    assert set(results) == {"Hit", "Miss", "RefreshHit", "Redirect", "Error"}
    assert results["Hit"] > results["Miss"] > results["Error"]
    assert {event["sc-status"] for event in ordinary} >= {"200", "301", "304", "403", "404", "502", "000"}
    assert all("%20" in event["cs(User-Agent)"] for event in ordinary)
    assert all((event["cs-protocol"] == "http") == (event["ssl-protocol"] == "-") for event in ordinary)


def nobody_tries_for_long(ordinary: list[Event], end: datetime) -> None:
    """Few requests of one viewer fail within an hour: no scan."""
    failed = Counter((event["c-ip"], when(event)[:13]) for event in ordinary if event["sc-status"][0] in "045")
    assert 0 < max(failed.values()) < 4


ORDINARY = (has_every_form, nobody_tries_for_long)
