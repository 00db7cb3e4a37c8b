"""Google Cloud audit logs: Admin Activity, Data Access, System Event and Policy Denied, as LogEntry JSON.

https://cloud.google.com/logging/docs/audit/understanding-audit-logs
"""

from __future__ import annotations

import msgspec

from transforms.sources.base import Source, Value
from transforms.sources.log_entry import EXPAND, KEYS, LogEntryHead, identity, unwrap

AUDIT_LOG = "google.cloud.audit.AuditLog"


class Payload(msgspec.Struct, gc=False):
    type: Value = msgspec.field(default=None, name="@type")


class AuditEntryHead(LogEntryHead):
    protoPayload: Payload | None = None


def reject(head: AuditEntryHead) -> str | None:
    """A sink's filter may let other logs through: they are no audit entries, and belong to sources of their own."""
    if head.protoPayload is None:
        return "a log entry without protoPayload, not an audit entry: it belongs to another source"
    kind = head.protoPayload.type
    if kind is not None and not str(kind).endswith("/" + AUDIT_LOG):
        return f"a log entry with a {str(kind)[:128]}, not an audit entry: it belongs to another source"
    return None


SOURCE = Source(
    name="gcp_audit",
    title="Google Cloud audit logs",
    vendor="Google",
    domain="gcp",
    documentation="https://cloud.google.com/logging/docs/audit/understanding-audit-logs",
    event_id="`logName`, `timestamp`, `insertId`",
    lateness="the sink writes each hour's objects after the hour, its addenda up to hours later",
    keys=KEYS,
    expand=EXPAND,
    head=AuditEntryHead,
    identity=identity,
    clock=lambda head: head.timestamp,
    reject=reject,
    unwrap=unwrap,
)
