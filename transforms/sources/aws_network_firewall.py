"""AWS Network Firewall logs: NDJSON in S3, and as Firehose and CloudWatch Logs hand them on.

Alert and flow records hold Suricata's EVE output, TLS records what the firewall's own TLS engine says. A record has no
id, since one flow has many records: its own text is its identity.
https://docs.aws.amazon.com/network-firewall/latest/developerguide/firewall-logging-contents.html
https://docs.aws.amazon.com/network-firewall/latest/developerguide/tls-inspection-logging.html
https://docs.suricata.io/en/latest/output/eve/eve-json-format.html
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.decoders.cloudwatch import CloudWatch
from transforms.decoders.json_records import JsonRecords, envelope
from transforms.sources.base import Head, KeyTemplate, Source, Value


class EveEvent(msgspec.Struct, gc=False):
    timestamp: Value = None


class FirewallHead(Head):
    event: EveEvent | None = None


def clock(head: FirewallHead) -> Value:
    """When the event was; `event_timestamp` is when it was logged. Suricata writes UTC as +0000."""
    time = None if head.event is None else head.event.timestamp
    return f"{time[:-5]}Z" if isinstance(time, str) and time.endswith("+0000") else time


SOURCE = Source(
    name="aws_network_firewall",
    title="AWS Network Firewall logs",
    vendor="AWS",
    domain="aws",
    documentation="https://docs.aws.amazon.com/network-firewall/latest/developerguide/firewall-logging-contents.html",
    lateness="a file every few minutes; flows when they end",
    cadence=timedelta(minutes=5),
    keys=KeyTemplate(segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)"), overlap=timedelta(days=2)),
    framing=CloudWatch(JsonRecords(envelope())),
    head=FirewallHead,
    clock=clock,
)
