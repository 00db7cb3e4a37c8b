"""Azure Key Vault's audit log, as the simulation must write it: its form, and what its ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"azure/insights-logs-auditevent/resourceId=/SUBSCRIPTIONS/[0-9A-F-]{36}/RESOURCEGROUPS/RG-[A-Z]+/PROVIDERS/"
    r"MICROSOFT\.KEYVAULT/VAULTS/[0-9A-Z-]+/y=\d{4}/m=\d\d/d=\d\d/h=\d\d/m=00/PT1H\.json"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z")


def events(data: bytes) -> list[Event]:
    """The records of one piece of a blob."""
    return [json.loads(line) for line in data.splitlines()]


def when(event: Event) -> str:
    return str(event["time"])


def uid(event: Event) -> str:
    return str(event["correlationId"])


def nothing_is_taken_away(ordinary: list[Event], end: datetime) -> None:
    """Secrets are read and keys used; who is refused had no token yet; nobody deletes, lists or changes anything."""
    operations = Counter(event["operationName"] for event in ordinary)
    assert operations.keys() == {"SecretGet", "KeyWrap", "KeyUnwrap", "CertificateGet"}
    assert len({event["resourceId"] for event in ordinary}) == 2
    by_status: dict[int, list[Event]] = {}
    for event in ordinary:
        assert event["resultType"] == "Success"
        by_status.setdefault(event["properties"]["httpStatusCode"], []).append(event)
    assert by_status.keys() == {200, 401, 404}
    assert len(by_status[200]) > 0.9 * len(ordinary)
    assert all(event["identity"] == {} for event in by_status[401])
    people = {event["identity"]["claim"].get("upn") for event in by_status[200]}
    assert len(people) > 2


ORDINARY = (nothing_is_taken_away,)
