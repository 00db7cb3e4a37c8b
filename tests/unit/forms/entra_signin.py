"""Microsoft Entra sign-ins, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"azure/entra-signin/insights-logs-(signinlogs|noninteractiveusersigninlogs|serviceprincipalsigninlogs|"
    r"managedidentitysigninlogs)/tenantId=[0-9a-f-]{36}/y=\d{4}/m=\d\d/d=\d\d/h=\d\d/m=00/PT1H\.json"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z")


def events(data: bytes) -> list[Event]:
    """The records of one piece of a blob."""
    return [json.loads(line) for line in data.splitlines()]


def when(event: Event) -> str:
    assert event["properties"]["createdDateTime"].replace("+00:00", "Z") == event["time"]
    return event["time"]


def uid(event: Event) -> str:
    return event["properties"]["id"]


def has_every_kind(ordinary: list[Event], end: datetime) -> None:
    """People, their clients, applications and managed identities; only the last have no address."""
    kinds = Counter(event["category"] for event in ordinary)
    assert min(kinds.values()) > 50
    assert kinds.keys() == {
        "SignInLogs",
        "NonInteractiveUserSignInLogs",
        "ServicePrincipalSignInLogs",
        "ManagedIdentitySignInLogs",
    }
    for event in ordinary:
        details = event["properties"]
        assert bool(details["ipAddress"]) == (event["category"] != "ManagedIdentitySignInLogs")
        assert bool(details["userId"]) == ("User" in event["category"] or event["category"] == "SignInLogs")
        assert event["resultType"] == str(details["status"]["errorCode"])


def few_passwords_are_wrong(ordinary: list[Event], end: datetime) -> None:
    """Failures of one person do not add up, nobody is locked, blocked or at risk."""
    wrong: Counter[tuple[str, str]] = Counter()
    codes: Counter[str] = Counter()
    for event in ordinary:
        codes[event["resultType"]] += 1
        if event["resultType"] == "50126":
            wrong[event["properties"]["userPrincipalName"], event["time"][:13]] += 1
        assert event["properties"]["riskState"] == "none"
    assert codes.keys() == {"0", "50074", "50126", "50140", "700082"}
    assert max(wrong.values()) == 1
    assert codes["0"] > 0.8 * sum(codes.values())


ORDINARY = (has_every_kind, few_passwords_are_wrong)
