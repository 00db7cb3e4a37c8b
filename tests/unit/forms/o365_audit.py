"""Microsoft 365's unified audit log, as the simulation must write it: its form, and what its ordinary days hold."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"microsoft/o365/\d{4}/\d\d/\d\d/\d{6}_(?:Audit\.\w+)_\d{4}\.json\.gz")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
CONTENT = {
    "AzureActiveDirectory": "Audit.AzureActiveDirectory",
    "Exchange": "Audit.Exchange",
    "SharePoint": "Audit.SharePoint",
    "MicrosoftTeams": "Audit.General",
}


def events(data: bytes) -> list[Event]:
    """The records of one content, all of one content type."""
    found = json.loads(gzip.decompress(data))
    assert len({CONTENT[event["Workload"]] for event in found}) == 1
    return found


def when(event: Event) -> str:
    """The time, which names no zone and is UTC."""
    return event["CreationTime"] + "Z"


def uid(event: Event) -> str:
    return event["Id"]


def nobody_gains_power(ordinary: list[Event], end: datetime) -> None:
    """Few failures, everybody reads the own mail alone, nobody gets a role and nothing is shared."""
    failures: Counter[tuple[str, str]] = Counter()
    kinds: Counter[str] = Counter()
    for event in ordinary:
        kinds[event["Operation"]] += 1
        assert event["UserId"].endswith("@example.com")
        if event["Operation"] == "UserLoginFailed":
            failures[event["UserId"], event["CreationTime"][:13]] += 1
        if event["Operation"] == "MailItemsAccessed":
            assert event["MailboxOwnerUPN"] == event["UserId"]
        if event["Operation"].startswith("Member"):
            assert all(member["Role"] == 0 for member in event["Members"])
    assert max(failures.values()) == 1
    assert kinds.keys() == {
        "FileAccessed",
        "FileDownloaded",
        "FileModified",
        "FileUploaded",
        "MailItemsAccessed",
        "MemberAdded",
        "MemberRemoved",
        "UserLoggedIn",
        "UserLoginFailed",
    }


ORDINARY = (nobody_gains_power,)
