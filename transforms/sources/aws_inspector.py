"""Amazon Inspector findings: sent by EventBridge, answered by ListFindings, or exported as a JSON report.

Package and code weaknesses and open network paths. A finding is emitted again whenever it changes.
https://docs.aws.amazon.com/inspector/latest/user/eventbridge-integration.html
https://docs.aws.amazon.com/inspector/v2/APIReference/API_Finding.html
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from transforms.decoders.findings import findings
from transforms.sources.base import Head, KeyTemplate, Source, Value

ENGLISH = "%b %d, %Y, %I:%M:%S %p"
"""EventBridge's way of writing a time: `Jan 19, 2023, 10:46:15 PM`, UTC."""


class InspectorHead(Head):
    """`time` is that of an event that holds no finding."""

    findingArn: Value = None
    updatedAt: Value = None
    lastObservedAt: Value = None
    status: Value = None
    time: Value = None


def clock(head: InspectorHead) -> Value:
    return instant(head.updatedAt or head.lastObservedAt) or head.time


def instant(time: Value) -> Value:
    """Epoch milliseconds of the API's epoch seconds (1.663703546405E9) and of EventBridge's English, else the text."""
    try:
        return None if time is None else round(float(time) * 1000)
    except (ValueError, OverflowError):
        pass
    try:
        found = datetime.strptime(str(time).replace("\u202f", " "), ENGLISH).replace(tzinfo=UTC)
    except ValueError:
        return time
    return round(found.timestamp() * 1000)


SOURCE = Source(
    name="aws_inspector",
    title="Amazon Inspector findings",
    vendor="AWS",
    domain="aws",
    documentation="https://docs.aws.amazon.com/inspector/v2/APIReference/API_Finding.html",
    keys=KeyTemplate(
        segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)", r"(?P<hour>\d\d)"),
        overlap=timedelta(days=2),
    ),
    expand=findings("Inspector2 Finding"),
    head=InspectorHead,
    identity=lambda head: None if head.findingArn is None else (head.findingArn, clock(head), head.status),
    clock=clock,
)
