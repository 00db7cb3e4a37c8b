"""Microsoft 365's unified audit log: content of the Office 365 Management Activity API, and its records exported.

A record is one of the content's array, or the `AuditData` of what Search-UnifiedAuditLog and the audit search of
Microsoft Purview export, as JSON or CSV; what Filebeat's o365audit input hands on is unwrapped too. Times are UTC and
name no zone. Content is delivered more than once, and so are records: `Id` is their identity. The place of the API is
`https://manage.office.com/api/v1.0/TENANT/activity/feed`, the permissions are ActivityFeed.Read and
ActivityFeed.ReadDlp; OFFICE365_PUBLISHER names whose quota the requests count against.

https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-reference
https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from transforms.decoders.csv_cells import CsvCells
from transforms.decoders.framing import ByContent
from transforms.decoders.json_records import JsonRecords, envelope
from transforms.readers.office import content_type
from transforms.sources.base import Head, KeyTemplate, Source, Value

CONTENT_TYPES = ("Audit.AzureActiveDirectory", "Audit.Exchange", "Audit.General", "Audit.SharePoint", "DLP.All")


class Collected(msgspec.Struct, gc=False):
    original: str | None = None


class AuditHead(Head):
    Id: Value = None
    CreationTime: Value = None
    AuditData: str | None = None
    event: Collected | Value = None
    o365audit: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


def clock(head: AuditHead) -> Value:
    time = head.CreationTime
    if isinstance(time, str) and time and not time.endswith("Z") and "+" not in time:
        return time + "Z"
    return time


def unwrap(head: AuditHead) -> tuple[bytes, dict[str, Any]] | None:
    """The record within what an export or a collector wraps it in; a collector's own words for it are left out."""
    if head.AuditData is not None:
        return head.AuditData.encode(), {}
    if isinstance(head.event, Collected) and head.event.original is not None:
        return head.event.original.encode(), {}
    if not isinstance(head.o365audit, msgspec.UnsetType):
        return bytes(head.o365audit), {}
    return None


SOURCE = Source(
    name="o365_audit",
    title="Microsoft 365 unified audit log",
    vendor="Microsoft",
    domain="identity",
    documentation="https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema",
    event_id="`Id`",
    lateness="minutes to a day, as the workload writes it",
    keys=KeyTemplate(segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)"), overlap=timedelta(days=2)),
    framing=ByContent(text=CsvCells(column="AuditData"), json=JsonRecords(envelope("body"))),
    head=AuditHead,
    identity=lambda head: None if head.Id is None else (head.Id,),
    clock=clock,
    unwrap=unwrap,
    cadence=timedelta(minutes=5),
    api=tuple(content_type(name) for name in CONTENT_TYPES),
)
