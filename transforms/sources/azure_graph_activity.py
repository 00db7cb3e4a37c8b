"""Microsoft Graph activity log: each HTTP request that Graph served to a tenant, as diagnostic settings export it.

It lies in the container `insights-logs-microsoftgraphactivitylogs`, in a blob for each tenant and hour.
https://learn.microsoft.com/graph/microsoft-graph-activity-logs-overview
https://learn.microsoft.com/azure/azure-monitor/reference/tables/microsoftgraphactivitylogs
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.sources.azure_blobs import EXPAND, KEYS, ResourceLogHead
from transforms.sources.base import Source, Value


class Request(msgspec.Struct, gc=False):
    requestId: Value = None
    requestMethod: Value = None
    requestUri: Value = None
    timeGenerated: Value = None


class GraphHead(ResourceLogHead):
    properties: Request | Value = None


def identity(head: GraphHead) -> tuple[Value, ...] | None:
    """The request's id; the requests of one batch share their operationId, which stands in correlationId too."""
    request = head.properties
    if not isinstance(request, Request) or request.requestId is None:
        return None
    return (request.requestId, request.requestMethod, request.requestUri)


def clock(head: GraphHead) -> Value:
    if head.time is None and isinstance(head.properties, Request):
        return head.properties.timeGenerated
    return head.time


SOURCE = Source(
    name="azure_graph_activity",
    title="Microsoft Graph activity log",
    vendor="Microsoft",
    domain="azure",
    documentation="https://learn.microsoft.com/graph/microsoft-graph-activity-logs-overview",
    event_id="`requestId`, method and URI",
    lateness="within half an hour, appended to the hour's blob",
    cadence=timedelta(minutes=5),
    keys=KEYS,
    grows=True,
    expand=EXPAND,
    head=GraphHead,
    identity=identity,
    clock=clock,
)
