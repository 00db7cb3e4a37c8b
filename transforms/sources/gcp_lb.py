"""Google Cloud Application Load Balancer request logs, as LogEntry JSON, with what Cloud Armor's policies decided.

https://cloud.google.com/load-balancing/docs/https/https-logging-monitoring
https://cloud.google.com/armor/docs/request-logging
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.sources.base import Source
from transforms.sources.log_entry import EXPAND, KEYS, LogEntryHead, identity, log_name, unwrap

LOGS = ("/logs/requests", "_requests")
"""Ends of `requests`, the global balancers' log, and of those of `loadbalancing.googleapis.com`: regional, internal."""


class HttpRequest(msgspec.Struct, gc=False):
    """That there is one is enough."""


class RequestHead(LogEntryHead):
    httpRequest: HttpRequest | None = None


def reject(head: RequestHead) -> str | None:
    """A sink's filter may let other logs through: they belong to sources of their own."""
    if head.httpRequest is None:
        return "a log entry without httpRequest, not a load balancer's: it belongs to another source"
    name = log_name(head.logName)
    if isinstance(name, str) and not name.endswith(LOGS):
        return f"an entry of the log {name[:128]}, not a load balancer's: it belongs to another source"
    return None


SOURCE = Source(
    name="gcp_lb",
    title="Google Cloud load balancer request logs",
    vendor="Google",
    domain="gcp",
    documentation="https://cloud.google.com/load-balancing/docs/https/https-logging-monitoring",
    event_id="`logName`, `timestamp`, `insertId`",
    lateness="the sink writes each hour's objects after the hour, its addenda up to hours later",
    cadence=timedelta(minutes=5),
    keys=KEYS,
    expand=EXPAND,
    head=RequestHead,
    identity=identity,
    clock=lambda head: head.timestamp,
    reject=reject,
    unwrap=unwrap,
)
