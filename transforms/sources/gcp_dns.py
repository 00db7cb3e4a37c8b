"""Cloud DNS query logs, as LogEntry JSON: what instances of a network asked, and the internet of public zones.

They travel as the audit logs do: hourly `S<n>` objects of a sink with `A<n>` addenda, Pub/Sub, or the Logging API.
https://cloud.google.com/dns/docs/monitoring#dns-log-record-format
https://cloud.google.com/logging/docs/export/storage#gcs-organization
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.sources.base import Source, Value
from transforms.sources.log_entry import EXPAND, KEYS, LogEntryHead, identity, log_name, unwrap

LOG = "/dns.googleapis.com/dns_queries"


class QueryPayload(msgspec.Struct, gc=False):
    queryName: Value = None


class QueryEntryHead(LogEntryHead):
    jsonPayload: QueryPayload | None = None


def reject(head: QueryEntryHead) -> str | None:
    """A sink's filter may let other logs through: they belong to sources of their own."""
    if head.jsonPayload is None:
        return "a log entry without jsonPayload, not a DNS query: it belongs to another source"
    name = log_name(head.logName)
    if isinstance(name, str) and not name.endswith(LOG):
        return f"an entry of the log {name[:128]}, not a DNS query: it belongs to another source"
    return None


SOURCE = Source(
    name="gcp_dns",
    title="Cloud DNS query logs",
    vendor="Google",
    domain="gcp",
    documentation="https://cloud.google.com/dns/docs/monitoring",
    event_id="`logName`, `timestamp`, `insertId`",
    lateness="the sink writes each hour's objects after the hour, its addenda up to hours later",
    cadence=timedelta(minutes=5),
    keys=KEYS,
    expand=EXPAND,
    head=QueryEntryHead,
    identity=identity,
    clock=lambda head: head.timestamp,
    reject=reject,
    unwrap=unwrap,
)
