"""Azure virtual network flow logs, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"azure/insights-logs-flowlogflowevent/flowLogResourceID=/[0-9A-F-]{36}_NETWORKWATCHERRG/NETWORKWATCHER_WESTEUROPE_SHOP/"
    r"y=\d{4}/m=\d\d/d=\d\d/h=\d\d/m=00/macAddress=[0-9A-F]{12}/PT1H\.json"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
"""Of what `when` makes of the epoch."""


def events(data: bytes) -> list[Event]:
    """The tuples of one blob, each with what it is known by."""
    return [
        {"rule": flow.get("rule") or group["rule"], "mac": record["macAddress"], "tuple": text}
        for record in json.loads(data)["records"]
        for flow in record["flowRecords"]["flows"]
        for group in flow["flowGroups"]
        for text in group["flowTuples"]
    ]


def when(event: Event) -> str:
    return datetime.fromtimestamp(int(event["tuple"].split(",")[0]) // 1000, UTC).replace(tzinfo=None).isoformat()


def uid(event: Event) -> str:
    return "|".join(event[k] for k in ("mac", "rule", "tuple"))


def has_every_form(ordinary: list[Event], end: datetime) -> None:
    """Thirteen values each; what is let through and what is not, in and out."""
    values = [event["tuple"].split(",") for event in ordinary]
    assert {len(found) for found in values} == {13}
    assert {found[7] for found in values} == {"B", "E", "D"}
    assert {found[6] for found in values} == {"I", "O"}


def nobody_knocks_at_ten_places(ordinary: list[Event], end: datetime) -> None:
    """Each stranger is turned away at few doors, and all else goes to the web's port."""
    refused: dict[str, set[tuple[str, str]]] = defaultdict(set)
    ports: Counter[str] = Counter()
    for event in ordinary:
        _, src, dst, _, port, _, _, verdict, *_ = event["tuple"].split(",")
        if verdict == "D":
            refused[src].add((dst, port))
        else:
            ports[port] += 1
    assert 0 < max(map(len, refused.values())) < 5
    assert set(ports) == {"443"}


ORDINARY = (has_every_form, nobody_knocks_at_ten_places)
