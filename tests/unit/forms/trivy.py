"""Trivy's reports, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-scans/trivy/[a-z0-9-]+/(\d{4})/(\d\d)/(\d\d)/\1\2\3T\d{9}(-again)?\.json")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def events(data: bytes) -> list[Event]:
    """The findings of one report, each with the artifact, the time and its result's target."""
    report = json.loads(data)
    assert report["SchemaVersion"] == 2
    return [
        {"artifact": report["ArtifactName"], "at": report["CreatedAt"], "target": result["Target"], **finding}
        for result in report["Results"]
        for finding in [*result.get("Vulnerabilities", []), *result.get("Misconfigurations", [])]
    ]


def when(event: Event) -> str:
    return event["at"]


def uid(event: Event) -> str:
    return f"{event['artifact']}|{event['at']}|{event['target']}|{event.get('VulnerabilityID') or event['ID']}"


def nothing_is_critical(ordinary: list[Event], end: datetime) -> None:
    assert {event["Severity"] for event in ordinary} == {"LOW", "MEDIUM", "HIGH"}


def every_scan_finds_the_same(ordinary: list[Event], end: datetime) -> None:
    """What nobody mends is found anew by each scan of the image."""
    scans: dict[tuple[str, str], set[str]] = {}
    for event in ordinary:
        scans.setdefault((event["artifact"], event["at"]), set()).add(event.get("VulnerabilityID") or event["ID"])
    assert len(scans) > len({artifact for artifact, _ in scans})
    assert len({frozenset(found) for found in scans.values()}) == 1


ORDINARY = (nothing_is_critical, every_scan_finds_the_same)
