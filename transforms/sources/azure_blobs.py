"""What Azure's logs share in Blob storage: the hour in a blob's key, and the frame of Azure Monitor's resource logs.

Diagnostic settings append a resource's log to a blob for each hour, a record a line, in a container for each category
(`insights-logs-<category>`); an event hub gets the same records as `{"records": [...]}`.
https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs
https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs-schema
"""

from __future__ import annotations

from datetime import timedelta

from transforms.decoders.json_records import envelope
from transforms.sources.base import Head, KeyTemplate, Value

KEYS = KeyTemplate(
    segments=(r"y=(?P<year>\d{4})", r"m=(?P<month>\d\d)", r"d=(?P<day>\d\d)", r"h=(?P<hour>\d\d)", r"m=\d\d"),
    overlap=timedelta(days=2),
)
EXPAND = envelope("records")


class ResourceLogHead(Head):
    """The top of a resource log's record. A source adds what tells two of its records apart."""

    time: Value = None
    resourceId: Value = None
    category: Value = None
    operationName: Value = None
    correlationId: Value = None


def clock(head: ResourceLogHead) -> Value:
    return head.time


def resource(head: ResourceLogHead) -> Value:
    """The resource's id in lower case: one service writes it in several, and Azure tells none of them apart."""
    return head.resourceId.lower() if isinstance(head.resourceId, str) else head.resourceId
