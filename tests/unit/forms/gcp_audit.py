"""Google Cloud audit logs, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"gcs/example-org-audit-logs/cloudaudit\.googleapis\.com/(activity|data_access|system_event)/\d{4}/\d\d/\d\d/"
    r"(\d\d):00:00_\2:59:59_[AS]\d+\.json"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")


def events(data: bytes) -> list[Event]:
    """The records of one object."""
    return [json.loads(line) for line in data.splitlines()]


def when(event: Event) -> str:
    return event["timestamp"]


def uid(event: Event) -> str:
    return "|".join(event[k] for k in ("logName", "timestamp", "insertId"))


def stays_below_every_threshold(ordinary: list[Event], end: datetime) -> None:
    """Few refusals for each principal and hour; no keys, no sinks, no public buckets, nobody becomes another."""
    denied: Counter[tuple[str, str]] = Counter()
    methods: Counter[str] = Counter()
    for event in ordinary:
        payload = event["protoPayload"]
        method, identity = payload["methodName"], payload["authenticationInfo"]
        actor = identity.get("principalEmail") or identity["principalSubject"]
        methods[method] += 1
        if payload["status"].get("code"):
            denied[actor, event["timestamp"][:13]] += 1
        members = [d["member"] for d in payload.get("serviceData", {}).get("policyDelta", {}).get("bindingDeltas", [])]
        assert not {"allUsers", "allAuthenticatedUsers"} & set(members)
        if payload["serviceName"] == "iamcredentials.googleapis.com":
            itself = event["resource"]["labels"]["email_id"]
            assert actor == itself or ".svc.id.goog[" in actor
    assert 0 < max(denied.values()) < 10
    assert not [m for m in methods if "ServiceAccountKey" in m or "Sink" in m]
    assert methods.keys() >= {"storage.objects.get", "SetIamPolicy", "SignBlob", "GenerateAccessToken"}


def operations_open_and_close(ordinary: list[Event], end: datetime) -> None:
    """A long-running operation is two entries with one id."""
    parts: dict[str, list[str]] = {}
    for event in ordinary:
        if "operation" in event:
            parts.setdefault(event["operation"]["id"], []).append("first" if "first" in event["operation"] else "last")
    assert len(parts) > 20
    assert all(sorted(found) == ["first", "last"] for found in parts.values())


ORDINARY = (stays_below_every_threshold, operations_open_and_close)
