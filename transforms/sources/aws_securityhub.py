"""AWS Security Hub: findings of its controls and of the products that it gathers, by EventBridge or from the API.

Security Hub CSPM writes the AWS Security Finding Format (ASFF), the new Security Hub OCSF. A finding is emitted again
whenever it changes; somebody who sets its workflow status leaves UpdatedAt, which is the provider's, as it is.
https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html
https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-cwe-event-formats.html
https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-v2-cwe-event-formats.html
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.decoders.findings import findings
from transforms.sources.base import Head, KeyTemplate, Source, Value


class Workflow(msgspec.Struct, gc=False):
    Status: Value = None


class FindingInfo(msgspec.Struct, gc=False):
    """OCSF's: times as text, or milliseconds since 1970."""

    uid: Value = None
    modified_time_dt: Value = None
    modified_time: Value = None


class SecurityHubHead(Head):
    """The first four are ASFF's, finding_info OCSF's; `time` is also that of an event that holds no finding."""

    Id: Value = None
    UpdatedAt: Value = None
    Workflow: Workflow | None = None
    RecordState: Value = None
    finding_info: FindingInfo | None = None
    status_id: Value = None
    time_dt: Value = None
    time: Value = None


def identity(head: SecurityHubHead) -> tuple[Value, ...] | None:
    if head.Id is not None:
        return (head.Id, head.UpdatedAt, (head.Workflow or Workflow()).Status, head.RecordState)
    if head.finding_info is not None and head.finding_info.uid is not None:
        return (head.finding_info.uid, clock(head), head.status_id)
    return None


def clock(head: SecurityHubHead) -> Value:
    info = head.finding_info or FindingInfo()
    return head.UpdatedAt or info.modified_time_dt or info.modified_time or head.time_dt or head.time


SOURCE = Source(
    name="aws_securityhub",
    title="AWS Security Hub findings",
    vendor="AWS",
    domain="aws",
    documentation="https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html",
    event_id="finding's `Id`, `UpdatedAt`, workflow and record state; in OCSF `finding_info.uid`, time and status",
    lateness="at once through EventBridge",
    keys=KeyTemplate(
        segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)", r"(?P<hour>\d\d)"),
        overlap=timedelta(days=2),
    ),
    expand=findings(
        "Security Hub Findings - Imported", "Security Hub Findings - Custom Action", "Findings Imported V2"
    ),
    head=SecurityHubHead,
    identity=identity,
    clock=clock,
)
