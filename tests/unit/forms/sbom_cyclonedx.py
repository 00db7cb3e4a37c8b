"""Bills of materials in CycloneDX, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-scans/sbom_cyclonedx/[a-z0-9-]+/(\d{4})/(\d\d)/(\d\d)/\1\2\3T\d{9}(-again)?\.json")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def events(data: bytes) -> list[Event]:
    """The components of one bill, also those within others, each with the bill's number, time and subject."""
    bill = json.loads(data)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    about = {
        "bill": bill["serialNumber"],
        "at": bill["metadata"]["timestamp"],
        "subject": bill["metadata"]["component"]["version"],
    }
    return [{**about, **one} for one in _all(bill["components"])]


def _all(components: list[Event]) -> Iterator[Event]:
    for component in components:
        yield component
        yield from _all(component.get("components", []))


def when(event: Event) -> str:
    return str(event["at"])


def uid(event: Event) -> str:
    return f"{event['bill']}|{event['type']}|{event['name']}"


def images_are_named_by_digest(ordinary: list[Event], end: datetime) -> None:
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", event["subject"]) for event in ordinary)


def libraries_can_be_told_apart(ordinary: list[Event], end: datetime) -> None:
    assert all(event["purl"] and event["version"] for event in ordinary if event["type"] == "library")
    assert {event["type"] for event in ordinary} == {"library", "operating-system", "application", "file"}


ORDINARY = (images_are_named_by_digest, libraries_can_be_told_apart)
