"""Kubernetes audit logs, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from typing import Any

from isal import igzip

Event = dict[str, Any]
KEY = re.compile(
    r"k8s-audit/eks/(\d{4})/(\d\d)/(\d\d)/(\d\d)/eks-audit-1-\1-\2-\3-\4-\d\d-\d\d-[0-9a-f-]{36}\.gz"
    r"|k8s-audit/gke/cloudaudit\.googleapis\.com/activity/\d{4}/\d\d/\d\d/(\d\d):00:00_\5:59:59_[AS]\d+\.json"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def events(data: bytes) -> list[Event]:
    """The records of one object: log events of documents that stand one behind the other, or a line each."""
    if data[:2] != b"\x1f\x8b":
        return [json.loads(line) for line in data.splitlines()]
    text, at, found = igzip.decompress(data).decode(), 0, []
    while at < len(text):
        document, at = json.JSONDecoder().raw_decode(text, at)
        assert document["messageType"] == "DATA_MESSAGE"
        found += [json.loads(one["message"]) for one in document["logEvents"]]
    return found


def when(event: Event) -> str:
    return event.get("requestReceivedTimestamp") or event["timestamp"]


def uid(event: Event) -> str:
    if "logName" in event:
        return "|".join(event[k] for k in ("logName", "timestamp", "insertId"))
    return f"{event['auditID']}|{event['stage']}"


def nobody_goes_into_a_pod(ordinary: list[Event], end: datetime) -> None:
    """No shell, no secret, no right given; what is refused is rare."""
    refused: Counter[str] = Counter()
    wires: Counter[str] = Counter()
    for event in ordinary:
        wires["gke" if "logName" in event else "eks"] += 1
        target = event["protoPayload"]["methodName"] if "logName" in event else event["objectRef"]["resource"]
        assert not re.search("exec|attach|portforward|secret|role", target)
        if event.get("responseStatus", {}).get("code") == 403:
            refused[event["requestReceivedTimestamp"][:13]] += 1
    assert set(wires) == {"gke", "eks"}
    assert 0 < max(refused.values()) < 10


ORDINARY = (nobody_goes_into_a_pod,)
