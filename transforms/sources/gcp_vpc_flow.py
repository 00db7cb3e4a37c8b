"""Google Cloud VPC flow logs, as LogEntry JSON: of subnets (Compute Engine), VLAN attachments and VPN tunnels.

They travel as the audit logs do: hourly `S<n>` objects of a sink with `A<n>` addenda, Pub/Sub, or the Logging API. A
flow within the organisation may be reported by the side that sent and by the one that received: two entries and events.
https://cloud.google.com/vpc/docs/about-flow-logs-records
https://cloud.google.com/logging/docs/export/storage#gcs-organization
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.sources.base import Source, Value
from transforms.sources.log_entry import EXPAND, KEYS, LogEntryHead, identity, log_name, unwrap

LOGS = ("/compute.googleapis.com/vpc_flows", "/networkmanagement.googleapis.com/vpc_flows")
"""https://cloud.google.com/vpc/docs/access-flow-logs: by subnet, and by the Network Management API."""


class FlowPayload(msgspec.Struct, gc=False):
    reporter: Value = None


class FlowEntryHead(LogEntryHead):
    jsonPayload: FlowPayload | None = None


def reject(head: FlowEntryHead) -> str | None:
    """A sink's filter may let other logs through: they belong to sources of their own."""
    if head.jsonPayload is None:
        return "a log entry without jsonPayload, not a flow: it belongs to another source"
    name = log_name(head.logName)
    if isinstance(name, str) and not name.endswith(LOGS):
        return f"an entry of the log {name[:128]}, not a flow: it belongs to another source"
    return None


SOURCE = Source(
    name="gcp_vpc_flow",
    title="Google Cloud VPC Flow Logs",
    vendor="Google",
    domain="gcp",
    documentation="https://cloud.google.com/vpc/docs/about-flow-logs-records",
    event_id="`logName`, `timestamp`, `insertId`",
    lateness="the sink writes each hour's objects after the hour, its addenda up to hours later",
    cadence=timedelta(minutes=5),
    keys=KEYS,
    expand=EXPAND,
    head=FlowEntryHead,
    identity=identity,
    clock=lambda head: head.timestamp,
    reject=reject,
    unwrap=unwrap,
)
