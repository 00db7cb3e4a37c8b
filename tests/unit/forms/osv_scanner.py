"""OSV-Scanner's reports, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-scans/osv_scanner/[a-z0-9-]+/(\d{4})/(\d\d)/(\d\d)/\1\2\3T\d{9}(-again)?\.json")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")
PATH = re.compile(r"/builds/(\d{13})/[a-z0-9-]+/[a-z0-9-]+/package-lock\.json")


def events(data: bytes) -> list[Event]:
    """The entries of one report, each with the package and the path."""
    return [
        {"path": result["source"]["path"], **package["package"], **entry}
        for result in json.loads(data)["results"]
        for package in result["packages"]
        for entry in package["vulnerabilities"]
    ]


def when(event: Event) -> str:
    """The run that checked the lock file out, which is all that a report says of its time."""
    found = PATH.fullmatch(event["path"])
    assert found
    return datetime.fromtimestamp(int(found[1]) / 1000, UTC).isoformat(timespec="milliseconds")


def uid(event: Event) -> str:
    return f"{event['path']}|{event['name']}|{event['id']}"


def nothing_is_malicious(ordinary: list[Event], end: datetime) -> None:
    assert {event["id"][:5] for event in ordinary} == {"GHSA-"}


ORDINARY = (nothing_is_malicious,)
