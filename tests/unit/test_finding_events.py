"""What is one event of a finding, however it is handed on, and what a source of findings or requests turns away."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from transforms.sources import registry

TIME, LATER = "2026-03-02T09:00:00.1234567Z", "2026-03-02T10:00:00.1234567Z"
NAME = "organizations/1/sources/2/findings/3"
CHECK = "/subscriptions/s/providers/Microsoft.Security/assessments/c"


def head(source: str, record: dict[str, Any]) -> Any:
    return msgspec.json.decode(json.dumps(record), type=registry()[source].head)


def identity(source: str, record: dict[str, Any]) -> Any:
    return registry()[source].identity(head(source, record))


def finding(**changes: object) -> dict[str, Any]:
    return {"finding": {"name": NAME, "eventTime": "2026-03-02T09:00:00.120Z", "state": "ACTIVE", **changes}}


def alert(**changes: object) -> dict[str, Any]:
    return {"SystemAlertId": "a", "Status": "New", "ProcessingEndTime": TIME, "TimeGenerated": TIME, **changes}


def check(*, action: str = "Write", code: str = "Unhealthy", at: str = TIME) -> dict[str, Any]:
    state = {"code": code, "statusChangeDate": at}
    return {"id": CHECK, "securityEventDataEnrichment": {"action": action}, "properties": {"status": state}}


@pytest.mark.parametrize(
    ("source", "one", "other"),
    [
        ("gcp_scc", finding(), finding(name="organizations/1/sources/2/locations/global/findings/3")),
        (
            "gcp_scc",
            finding(),
            {"insertId": "i", "timestamp": LATER, "jsonPayload": finding(eventTime="2026-03-02T09:00:00.12Z")},
        ),
        (
            "azure_defender",
            alert(),
            {"properties": {"systemAlertId": "a", "status": "Active", "processingEndTimeUtc": TIME}},
        ),
        ("azure_defender", check(), check(action="Snapshot") | {"id": CHECK.upper()}),
        (
            "azure_defender",
            check(),
            {"Id": CHECK, "Properties": {"Status": {"Code": "Unhealthy", "StatusChangeDate": TIME}}},
        ),
    ],
)
def test_transports_tell_one_event(source: str, one: dict[str, Any], other: dict[str, Any]) -> None:
    assert identity(source, one) == identity(source, other) is not None


@pytest.mark.parametrize(
    ("source", "one", "other"),
    [
        ("gcp_scc", finding(), finding(eventTime="2026-03-02T09:00:01Z")),
        ("gcp_scc", finding(), finding(state="INACTIVE")),
        ("gcp_scc", finding(), finding(mute="MUTED", muteUpdateTime="2026-03-02T09:30:00Z")),
        ("azure_defender", alert(), alert(Status="Dismissed")),
        ("azure_defender", alert(), alert(ProcessingEndTime=LATER)),
        ("azure_defender", check(), check(code="Healthy")),
        ("azure_defender", check(), check(at=LATER)),
        ("azure_defender", check(), check(action="Delete")),
    ],
)
def test_changes_are_events_of_their_own(source: str, one: dict[str, Any], other: dict[str, Any]) -> None:
    assert identity(source, one) != identity(source, other)


@pytest.mark.parametrize(
    ("source", "record", "reason"),
    [
        ("gcp_scc", {"asset": {"name": "x"}}, "no finding"),
        ("gcp_lb", {"logName": "projects/p/logs/requests"}, "without httpRequest"),
        (
            "gcp_lb",
            {"logName": "projects/p/logs/run.googleapis.com%2Frequests", "httpRequest": {}},
            "run.googleapis.com",
        ),
        ("azure_defender", {"cveId": "CVE-2026-0001", "machineId": "m"}, "says no time"),
        (
            "azure_defender",
            {"id": "/providers/Microsoft.Security/secureScores/ascScore", "properties": {}},
            "says no time",
        ),
    ],
)
def test_what_belongs_elsewhere_is_turned_away(source: str, record: dict[str, Any], reason: str) -> None:
    assert reason in (registry()[source].reject(head(source, record)) or "")


@pytest.mark.parametrize(
    "log",
    [
        "requests",
        "loadbalancing.googleapis.com%2Fexternal_regional_requests",
        "loadbalancing.googleapis.com/internal_requests",
    ],
)
def test_logs_of_every_balancer_are_taken(log: str) -> None:
    assert registry()["gcp_lb"].reject(head("gcp_lb", {"logName": f"projects/p/logs/{log}", "httpRequest": {}})) is None
