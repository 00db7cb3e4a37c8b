"""VPC flow logs, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import gzip
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"s3/example-org-vpc-flow-logs/AWSLogs/(\d{12})/vpcflowlogs/([a-z0-9-]+)/(\d{4})/(\d\d)/(\d\d)/"
    r"\1_vpcflowlogs_\2_fl-[0-9a-f]{17}_\3\4\5T\d{4}Z_[0-9a-f]{8}\.log\.gz"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
"""Of what `when` makes of the epoch seconds."""
COMMON = {"53", "80", "123", "443"}


def events(data: bytes) -> list[Event]:
    """The lines of one object, each with its columns by the object's header."""
    names, *lines = gzip.decompress(data).decode().splitlines()
    return [dict(zip(names.split(" "), line.split(" "), strict=True)) for line in lines]


def when(event: Event) -> str:
    return datetime.fromtimestamp(int(event["start"]), UTC).replace(tzinfo=None).isoformat()


def uid(event: Event) -> str:
    if event["log-status"] != "OK":
        return " ".join(event.values())
    return "|".join(
        [*(event[n] for n in ("srcaddr", "srcport", "dstaddr", "dstport")), f"{int(event['start']) * 1000}"]
    )


def has_every_form(ordinary: list[Event], end: datetime) -> None:
    """Two layouts, and intervals in which nothing flowed or nothing was recorded."""
    assert {len(event) for event in ordinary} == {14, 22}
    kinds = Counter((event["log-status"], event["action"]) for event in ordinary)
    assert set(kinds) == {("OK", "ACCEPT"), ("OK", "REJECT"), ("NODATA", "-"), ("SKIPDATA", "-")}
    assert all((event["srcaddr"] == "-") == (event["log-status"] != "OK") for event in ordinary)


def nobody_knocks_at_ten_places(ordinary: list[Event], end: datetime) -> None:
    """In no quarter of an hour does anybody come near the number of a port scan."""
    targets: dict[tuple[str, int], set[tuple[str, str]]] = defaultdict(set)
    for event in ordinary:
        port = event["dstport"]
        if port not in {*COMMON, "-"} and (event["action"] == "REJECT" or int(port) < 32768):
            targets[event["srcaddr"], int(event["start"]) // 900].add((event["dstaddr"], port))
    assert 0 < max(map(len, targets.values())) < 5


ORDINARY = (has_every_form, nobody_knocks_at_ten_places)
