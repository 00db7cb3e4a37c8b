"""Okta System Log, as the simulation must write it: its form, and what its ordinary days hold."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"okta/system_log/\d{4}/\d\d/\d\d/\d{6}_\d{4}\.json\.gz")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def events(data: bytes) -> list[Event]:
    """The records of one object."""
    return json.loads(gzip.decompress(data))


def when(event: Event) -> str:
    return event["published"]


def uid(event: Event) -> str:
    return event["uuid"]


def stays_below_every_threshold(ordinary: list[Event], end: datetime) -> None:
    """Few failures for each user and address, no administrator grants, no factor is reset."""
    failures: Counter[tuple[str, str]] = Counter()
    sprayed: dict[tuple[str, str], set[str]] = defaultdict(set)
    pushes: Counter[tuple[str, str]] = Counter()
    kinds: Counter[str] = Counter()
    for event in ordinary:
        user, hour = event["actor"]["alternateId"], event["published"][:13]
        kinds[event["eventType"]] += 1
        if event["outcome"]["result"] == "FAILURE":
            failures[user, hour] += 1
            sprayed[event["client"]["ipAddress"], hour].add(user)
        if "deny_push" in event["eventType"]:
            pushes[user, hour] += 1
    assert 1 < max(failures.values()) < 5
    assert max(map(len, sprayed.values())) < 10
    assert max(pushes.values()) < 3
    assert not kinds.keys() & {
        "user.account.privilege.grant",
        "user.mfa.factor.reset_all",
        "user.mfa.factor.deactivate",
    }


ORDINARY = (stays_below_every_threshold,)
