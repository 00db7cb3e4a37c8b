"""Azure DevOps: the audit log, service hooks, and builds, their records and pull requests as its REST API tells them.

https://learn.microsoft.com/azure/devops/organizations/audit/azure-devops-auditing
https://learn.microsoft.com/azure/devops/service-hooks/events
https://learn.microsoft.com/rest/api/azure/devops/
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.decoders.json_records import envelope
from transforms.sources.base import Source, Value
from transforms.sources.collected import KEYS, CollectedHead, body_of

NEVER = "0001-01-01"
"""What the API writes for no time."""


class Sent(msgspec.Struct, gc=False):
    id: Value = None
    eventType: Value = None
    createdDate: Value = None


SENT = msgspec.json.Decoder(Sent)


class DevOpsHead(CollectedHead):
    id: Value = None
    url: Value = None
    eventType: Value = None
    createdDate: Value = None
    timestamp: Value = None
    pullRequestId: Value = None
    status: Value = None
    state: Value = None
    result: Value = None
    attempt: Value = None
    finishTime: Value = None
    startTime: Value = None
    queueTime: Value = None
    closedDate: Value = None
    creationDate: Value = None
    sent: Sent | None = msgspec.field(default=None, name="catchment:sent")

    def __post_init__(self) -> None:
        """Decode the body of a collector's line. Raises msgspec.MsgspecError where it is none."""
        self.sent = SENT.decode(body_of(self)) if self.headers is not None and bytes(self.body) else None


def identity(head: DevOpsHead) -> tuple[Value, ...] | None:
    """A hook's and an audit entry's `id`; else the object's address or id, its state and time."""
    event = head.sent or head
    if event.eventType is not None:
        return None if event.id is None else (event.id,)
    if head.timestamp is not None:
        return None if head.id is None else (head.id,)
    uid = head.url or (head.id if head.pullRequestId is None else head.pullRequestId)
    return None if uid is None else (uid, head.id, head.attempt, head.status or head.state, head.result, clock(head))


def clock(head: DevOpsHead) -> Value:
    if (head.sent or head).eventType is not None:
        return (head.sent or head).createdDate or head.received_at
    times = (head.timestamp, head.finishTime, head.startTime, head.queueTime, head.closedDate, head.creationDate)
    return next((time for time in times if time is not None and not str(time).startswith(NEVER)), None)


SOURCE = Source(
    name="azure_devops",
    title="Azure DevOps",
    vendor="Microsoft",
    domain="vcs",
    documentation="https://learn.microsoft.com/azure/devops/organizations/audit/azure-devops-auditing",
    event_id="`id` of an audit entry or a service hook; else the object's address, state and time",
    lateness="seconds by service hook, half an hour for the audit log's stream",
    keys=KEYS,
    expand=envelope("value", "decoratedAuditLogEntries"),
    head=DevOpsHead,
    identity=identity,
    clock=clock,
    cadence=timedelta(minutes=5),
)
