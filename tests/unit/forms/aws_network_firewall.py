"""Network Firewall logs, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"s3/example-org-firewall-logs/AWSLogs/(\d{12})/network-firewall/(alert|flow|tls)/([a-z0-9-]+)/egress/"
    r"(\d{4})/(\d\d)/(\d\d)/(\d\d)/\1_network-firewall_\2_\3_egress_\4\5\6T\7\d\dZ_[0-9a-f]{8}\.log\.gz"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|\+0000)")


def events(data: bytes) -> list[Event]:
    """The records of one object."""
    return [json.loads(line) for line in gzip.decompress(data).splitlines()]


def when(event: Event) -> str:
    return event["event"]["timestamp"]


def uid(event: Event) -> str:
    """The instance's end of the connection, and which of its records this is."""
    seen = event["event"]
    kind, back = seen.get("event_type", "tls"), seen["src_port"] == 443
    ip, port = (seen["dest_ip"], seen["dest_port"]) if back else (seen["src_ip"], seen["src_port"])
    return f"{seen['timestamp'][:26]}|{ip}|{port}|{kind}{int(back) if kind == 'netflow' else ''}"


def has_every_form(ordinary: list[Event], end: datetime) -> None:
    """Both directions of flows, rules that alert and that turn away, both kinds of TLS trouble."""
    seen = [event["event"] for event in ordinary]
    kinds = Counter(event.get("event_type", "tls") for event in seen)
    assert set(kinds) == {"netflow", "alert", "tls"}
    assert kinds["netflow"] > 10 * kinds["alert"] > 10 * kinds["tls"]
    assert {event["src_port"] == 443 for event in seen if "netflow" in event} == {True, False}
    assert {event["alert"]["action"] for event in seen if "alert" in event} == {"allowed", "blocked"}
    assert {event["alert"]["severity"] for event in seen if "alert" in event} == {1, 2, 3}
    assert {"tls_error" in event for event in seen if "event_type" not in event} == {True, False}


def nobody_is_turned_away_for_long(ordinary: list[Event], end: datetime) -> None:
    """Few connections of one instance are refused within an hour: no scan, no beacon."""
    refused = Counter(
        (event["event"]["src_ip"], when(event)[:13])
        for event in ordinary
        if event["event"].get("alert", {}).get("action") == "blocked"
    )
    assert 0 < max(refused.values()) < 5


ORDINARY = (has_every_form, nobody_is_turned_away_for_long)
