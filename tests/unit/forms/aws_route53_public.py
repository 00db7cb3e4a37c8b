"""Route 53 public DNS query logs, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"s3/example-org-public-dns-logs/(\d{4})/(\d\d)/(\d\d)/(\d\d)/"
    r"public-dns-1-\1-\2-\3-\4-\d\d-\d\d-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.gz"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
COLUMNS = ("version", "time", "zone", "name", "type", "rcode", "protocol", "edge", "resolver", "subnet")


def events(data: bytes) -> list[Event]:
    """The lines of one object's documents, each with its columns."""
    text, at, found = gzip.decompress(data).decode(), 0, []
    while at < len(text):
        document, at = json.JSONDecoder().raw_decode(text, at)
        assert document["messageType"] == "DATA_MESSAGE" and document["logEvents"]
        for event in document["logEvents"]:
            row = dict(zip(COLUMNS, event["message"].split(" "), strict=True))
            assert document["logStream"] == f"{row['zone']}/{row['edge']}" and len(event["id"]) == 56
            found.append(row)
    return found


def when(event: Event) -> str:
    return str(event["time"])


def uid(event: Event) -> str:
    return " ".join(event[column] for column in COLUMNS)


def has_every_form(ordinary: list[Event], end: datetime) -> None:
    """Names that are there, that are not, and that are none of the zone's; both transports, with and without subnet."""
    assert {event["rcode"] for event in ordinary} == {"NOERROR", "NXDOMAIN", "REFUSED"}
    assert {event["protocol"] for event in ordinary} == {"UDP", "TCP"}
    assert {event["type"] for event in ordinary} == {"A", "AAAA", "HTTPS", "MX", "NS", "SOA", "TXT"}
    assert {event["subnet"] == "-" for event in ordinary} == {True, False}
    assert {":" in event["resolver"] for event in ordinary} == {True, False}


def nobody_walks_the_zone(ordinary: list[Event], end: datetime) -> None:
    """Few names that are not there for each resolver and hour: nobody guesses."""
    missing = Counter((e["resolver"], when(e)[:13]) for e in ordinary if e["rcode"] == "NXDOMAIN")
    assert 0 < max(missing.values()) < 5


ORDINARY = (has_every_form, nobody_walks_the_zone)
