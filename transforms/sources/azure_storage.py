"""Azure Storage's resource logs: each request to blobs, files, queues and tables, as diagnostic settings export it.

They lie in the containers `insights-logs-storageread`, `insights-logs-storagewrite` and `insights-logs-storagedelete`,
in a blob for each service of an account and hour. An account must not log into itself: its own log would be logged.
https://learn.microsoft.com/azure/storage/blobs/monitor-blob-storage-reference
"""

from __future__ import annotations

from datetime import timedelta

from transforms.sources.azure_blobs import EXPAND, KEYS, ResourceLogHead, clock, resource
from transforms.sources.base import Source, Value


class StorageHead(ResourceLogHead):
    uri: Value = None


def identity(head: StorageHead) -> tuple[Value, ...] | None:
    """correlationId is the request's id (x-ms-request-id); a copy is several operations of one request."""
    if head.correlationId is None:
        return None
    return (resource(head), head.correlationId, head.operationName, head.time, head.uri)


SOURCE = Source(
    name="azure_storage",
    title="Azure Storage resource logs",
    vendor="Microsoft",
    domain="azure",
    documentation="https://learn.microsoft.com/azure/storage/blobs/monitor-blob-storage-reference",
    event_id="resource, `correlationId`, operation, time and URI",
    lateness="within minutes, appended to the hour's blob",
    cadence=timedelta(minutes=5),
    keys=KEYS,
    grows=True,
    expand=EXPAND,
    head=StorageHead,
    identity=identity,
    clock=clock,
)
