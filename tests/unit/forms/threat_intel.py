"""Threat intelligence, as the simulation must write it: its form, and what its ordinary days hold."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-threat-intel/(cisa|stix)/(\d{4})/(\d\d)/(\d\d)/\2\3\4T\d{9}(-again)?\.json")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def events(data: bytes) -> list[Event]:
    """The entries of one object, those of a catalogue with its release."""
    document = json.loads(data)
    if "objects" in document:
        return document["objects"]
    return [{"released": document["dateReleased"], **entry} for entry in document["vulnerabilities"]]


def when(event: Event) -> str:
    return event.get("released") or event["modified"]


def uid(event: Event) -> str:
    return f"{event.get('cveID') or event['id']}|{when(event)}"


def both_feeds_speak_of_nobody_known(ordinary: list[Event], end: datetime) -> None:
    """Vulnerabilities and indicators; no indicator is an address or a name of the organisation."""
    assert {event["cveID"] for event in ordinary if "cveID" in event} > {"CVE-2026-10001"}
    patterns = [event["pattern"] for event in ordinary if "pattern" in event]
    assert {pattern.split(":")[0] for pattern in patterns} == {"[domain-name", "[ipv6-addr", "[file"}
    assert all("example.net" in pattern for pattern in patterns if "domain-name" in pattern)
    assert all("2001:db8:dead::" in pattern for pattern in patterns if "ipv6-addr" in pattern)


ORDINARY = (both_feeds_speak_of_nobody_known,)
