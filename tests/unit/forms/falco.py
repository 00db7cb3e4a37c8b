"""Falco's alerts, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"falco-alerts/shop/\d{4}-\d\d-\d\d/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z\.json")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z")


def events(data: bytes) -> list[Event]:
    """The one alert of an object."""
    return [json.loads(data)]


def when(event: Event) -> str:
    return str(event["time"])


def uid(event: Event) -> str:
    return str(event["uuid"])


def only_noise(ordinary: list[Event], end: datetime) -> None:
    """Nothing is critical, and each alert says of which pod it is, and when to the nanosecond."""
    assert {event["priority"] for event in ordinary} == {"Notice", "Error"}
    assert len({event["rule"] for event in ordinary}) == 3
    for event in ordinary:
        fields = event["output_fields"]
        assert fields["k8s.pod.name"] and event["hostname"].endswith(".ec2.internal")
        at = datetime.fromisoformat(event["time"])
        assert int(at.timestamp()) == fields["evt.time.iso8601"] // 1_000_000_000


ORDINARY = (only_noise,)
