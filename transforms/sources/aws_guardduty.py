"""Amazon GuardDuty findings: exported to S3 as JSON Lines, sent by EventBridge, or answered by GetFindings.

A finding is emitted again whenever it changes, with a later updatedAt and a larger count: each emission is an event.
https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_exportfindings.html
https://docs.aws.amazon.com/guardduty/latest/APIReference/API_GetFindings.html
"""

from __future__ import annotations

from datetime import timedelta

from transforms.decoders.findings import findings
from transforms.sources.base import Head, KeyTemplate, Source, Value


class GuardDutyHead(Head):
    """`time` is that of an event that holds no finding; `UpdatedAt` what only the AWS CLI writes."""

    id: Value = None
    updatedAt: Value = None
    time: Value = None
    UpdatedAt: Value = None


def identity(head: GuardDutyHead) -> tuple[Value, ...] | None:
    return None if head.id is None else (head.id, head.updatedAt)


def reject(head: GuardDutyHead) -> str | None:
    if head.id is None and head.UpdatedAt is not None:
        return "a finding with the AWS CLI's names, not the service's: export it, or call the API"
    return None


SOURCE = Source(
    name="aws_guardduty",
    title="Amazon GuardDuty findings",
    vendor="AWS",
    domain="aws",
    documentation="https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings.html",
    event_id="the finding's `id` and `updatedAt`",
    lateness="new findings within 5 minutes; changes as often as publishing is set to: 15 minutes, 1 or 6 hours",
    keys=KeyTemplate(segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)"), overlap=timedelta(days=2)),
    expand=findings("GuardDuty Finding"),
    head=GuardDutyHead,
    identity=identity,
    clock=lambda head: head.updatedAt or head.time,
    reject=reject,
)
