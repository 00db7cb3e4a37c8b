"""Google Cloud load balancer logs, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"gcs/example-org-lb-logs/requests/\d{4}/\d\d/\d\d/(\d\d):00:00_\1:59:59_[AS]\d+\.json")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def events(data: bytes) -> list[Event]:
    """The records of one object."""
    return [json.loads(line) for line in data.splitlines()]


def when(event: Event) -> str:
    return event["timestamp"]


def uid(event: Event) -> str:
    return "|".join(event[k] for k in ("logName", "timestamp", "insertId"))


def the_policy_decides(ordinary: list[Event], end: datetime) -> None:
    """What the policy denies is answered by the balancer, all else by an instance; no client is denied for long."""
    denied: Counter[tuple[str, str]] = Counter()
    outcomes: Counter[str] = Counter()
    for event in ordinary:
        payload, request = event["jsonPayload"], event["httpRequest"]
        is_denied = payload["enforcedSecurityPolicy"]["outcome"] == "DENY"
        outcomes[payload["enforcedSecurityPolicy"]["configuredAction"]] += 1
        assert (
            is_denied == (payload["statusDetails"] == "denied_by_security_policy") == (request["status"] in (403, 429))
        )
        assert is_denied == ("serverIp" not in request)
        denied[request["remoteIp"], event["timestamp"][:13]] += is_denied
    assert set(outcomes) == {"ALLOW", "DENY", "THROTTLE"}
    assert 0 < max(denied.values()) < 4
    assert {event["httpRequest"]["status"] for event in ordinary} == {200, 403, 404, 429}


ORDINARY = (the_policy_decides,)
