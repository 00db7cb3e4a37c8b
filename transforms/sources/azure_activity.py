"""Azure Activity Log, as diagnostic settings export it to Blob storage (PT1H.json), and the REST API's shape.

https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema
"""

from __future__ import annotations

from transforms.decoders.json_records import envelope
from transforms.sources.azure_blobs import KEYS
from transforms.sources.base import Head, Source, Value


class ActivityHead(Head):
    time: Value = None
    eventTimestamp: Value = None
    eventDataId: Value = None
    resourceId: Value = None
    operationName: Value | dict[str, object] = None
    correlationId: Value = None
    resultType: Value = None
    resultSignature: Value = None
    category: Value | dict[str, object] = None


def identity(head: ActivityHead) -> tuple[Value, ...] | None:
    """correlationId is shared by Start and Success: the result and the time tell them apart."""
    if head.eventDataId is not None:
        return (head.eventDataId,)
    if head.correlationId is None:
        return None
    operation = head.operationName
    named = operation.get("value") if isinstance(operation, dict) else operation
    return (head.resourceId, str(named), head.correlationId, head.resultType, head.time)


SOURCE = Source(
    name="azure_activity",
    title="Azure Activity Log",
    vendor="Microsoft",
    domain="azure",
    documentation="https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema",
    event_id="`eventDataId`; without it resource, operation, `correlationId`, result and time",
    lateness="within minutes, appended to the hour's blob",
    keys=KEYS,
    grows=True,
    expand=envelope("records", "value"),
    head=ActivityHead,
    identity=identity,
    clock=lambda head: head.time if head.time is not None else head.eventTimestamp,
)
