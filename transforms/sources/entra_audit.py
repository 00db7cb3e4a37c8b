"""Microsoft Entra audit log: blobs that diagnostic settings export, and the same entries from Microsoft Graph.

The export lies in the container `insights-logs-auditlogs`; the place of the API is `https://graph.microsoft.com/v1.0`,
the permission AuditLog.Read.All. What the provisioning service did, if it lies in the same place, is API activity.

https://learn.microsoft.com/entra/identity/monitoring-health/reference-audit-activities
https://learn.microsoft.com/azure/azure-monitor/reference/tables/auditlogs
https://learn.microsoft.com/graph/api/directoryaudit-list
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.decoders.odata import odata
from transforms.readers.graph import graph_headers, next_page, since, values_by
from transforms.readers.http import ApiPull
from transforms.sources.azure_blobs import KEYS
from transforms.sources.base import Head, Source, Value

CATEGORIES = {"auditlogs", "provisioninglogs"}


class Entry(msgspec.Struct, gc=False):
    """What Graph returns, and what diagnostic settings wrap as `properties`."""

    id: Value = None
    activityDateTime: Value = None


class AuditHead(Head):
    time: Value = None
    category: Value = None
    createdDateTime: Value = None
    id: Value = None
    activityDateTime: Value = None
    properties: Entry | Value = None


def entry(head: AuditHead) -> AuditHead | Entry:
    return head.properties if isinstance(head.properties, Entry) else head


def identity(head: AuditHead) -> tuple[Value, ...] | None:
    """The entry's own id, the same through both transports."""
    found = entry(head).id
    return None if found is None else (found,)


def clock(head: AuditHead) -> Value:
    found = entry(head).activityDateTime
    return head.time if found is None else found


def reject(head: AuditHead) -> str | None:
    """The export's category names the log; Graph's, which has no `time`, is the kind of activity."""
    other = head.time is not None and head.category is not None and str(head.category).lower() not in CATEGORIES
    if other or head.createdDateTime is not None:
        return "a sign-in or an entry of another log, not of the directory's audit log"
    return None


SOURCE = Source(
    name="entra_audit",
    title="Microsoft Entra audit log",
    vendor="Microsoft",
    domain="identity",
    documentation="https://learn.microsoft.com/entra/identity/monitoring-health/reference-audit-activities",
    event_id="the entry's `id`",
    lateness="minutes, seldom hours",
    keys=KEYS,
    grows=True,
    skip_keys=r"insights-logs-\w*signinlogs/",
    expand=odata(),
    head=AuditHead,
    identity=identity,
    clock=clock,
    reject=reject,
    cadence=timedelta(minutes=5),
    api=ApiPull(
        stream="directoryAudits",
        place="https://graph.microsoft.com/v1.0",
        permission="AuditLog.Read.All of Microsoft Graph as application permission, granted to the workload's identity",
        first=since("auditLogs/directoryAudits", "activityDateTime"),
        headers=graph_headers,
        following=next_page,
        measure=values_by("activityDateTime"),
        # an entry may show hours late: https://learn.microsoft.com/entra/identity/monitoring-health/reference-log-latency
        overlap=timedelta(hours=2),
    ),
)
