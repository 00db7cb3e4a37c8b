"""Google Cloud firewall rules logs, as LogEntry JSON: each connection that a rule with logging let through or denied.

https://cloud.google.com/firewall/docs/firewall-rules-logging
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.sources.base import Source, Value
from transforms.sources.log_entry import EXPAND, KEYS, LogEntryHead, identity, log_name, unwrap

LOG = "/compute.googleapis.com/firewall"


class FirewallPayload(msgspec.Struct, gc=False):
    disposition: Value = None


class FirewallEntryHead(LogEntryHead):
    jsonPayload: FirewallPayload | None = None


def reject(head: FirewallEntryHead) -> str | None:
    """A sink's filter may let other logs through: they belong to sources of their own."""
    if head.jsonPayload is None:
        return "a log entry without jsonPayload, not a firewall's: it belongs to another source"
    name = log_name(head.logName)
    if isinstance(name, str) and not name.endswith(LOG):
        return f"an entry of the log {name[:128]}, not a firewall's: it belongs to another source"
    return None


SOURCE = Source(
    name="gcp_firewall",
    title="Google Cloud firewall rules logs",
    vendor="Google",
    domain="gcp",
    documentation="https://cloud.google.com/firewall/docs/firewall-rules-logging",
    event_id="`logName`, `timestamp`, `insertId`",
    lateness="the sink writes each hour's objects after the hour, its addenda up to hours later",
    cadence=timedelta(minutes=5),
    keys=KEYS,
    expand=EXPAND,
    head=FirewallEntryHead,
    identity=identity,
    clock=lambda head: head.timestamp,
    reject=reject,
    unwrap=unwrap,
)
