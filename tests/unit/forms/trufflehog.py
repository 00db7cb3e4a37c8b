"""TruffleHog's findings, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-scans/trufflehog/[a-z0-9-]+/\d{4}/\d\d/\d\d/\d{6}(-again)?\.jsonl")
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000")


def events(data: bytes) -> list[Event]:
    """The findings of one object."""
    return [json.loads(line) for line in data.splitlines()]


def place(event: Event) -> Event:
    found: Event = event["SourceMetadata"]["Data"]["Git"]
    return found


def when(event: Event) -> str:
    return str(place(event)["timestamp"])


def uid(event: Event) -> str:
    return f"{place(event)['commit']}|{place(event)['file']}|{event['DetectorName']}|{place(event)['line']}"


def secrets_are_made_up(ordinary: list[Event], end: datetime) -> None:
    """None is of a provider's form or verified, and each is in a commit of the organisation's."""
    assert len({event["Raw"] for event in ordinary}) == len(ordinary) > 2
    assert all(re.fullmatch(r"simulated-[0-9a-f]{24}", event["Raw"]) for event in ordinary)
    assert not any(event["Verified"] for event in ordinary)
    assert all(place(event)["repository"].startswith("https://github.com/example-org/") for event in ordinary)


ORDINARY = (secrets_are_made_up,)
