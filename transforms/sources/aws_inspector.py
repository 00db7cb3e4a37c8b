"""Amazon Inspector findings: sent by EventBridge, answered by ListFindings, or exported as a JSON report.

Package and code weaknesses and open network paths. A finding is emitted again whenever it changes.
https://docs.aws.amazon.com/inspector/latest/user/eventbridge-integration.html
https://docs.aws.amazon.com/inspector/v2/APIReference/API_Finding.html
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from transforms.decoders.findings import findings
from transforms.sources.base import Head, KeyTemplate, Source, Value

ENGLISH = re.compile(r"([A-Z][a-z]{2}) (\d\d?), (\d{4}), (\d\d?):([0-5]\d):([0-5]\d)[ \u202f]([AP]M)", re.ASCII)
"""EventBridge's way of writing a time: `Jan 19, 2023, 10:46:15 PM`, UTC; newer versions of Java have a narrow space."""
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}


class InspectorHead(Head):
    """`time` is that of an event that holds no finding."""

    findingArn: Value = None
    updatedAt: Value = None
    lastObservedAt: Value = None
    status: Value = None
    time: Value = None


def clock(head: InspectorHead) -> Value:
    return instant(head.updatedAt or head.lastObservedAt) or head.time


@lru_cache(maxsize=4096)
def instant(time: Value) -> Value:
    """Epoch milliseconds of the API's epoch seconds (1.663703546405E9) and of EventBridge's English, else the text."""
    match = ENGLISH.fullmatch(time) if isinstance(time, str) else None
    if match is not None and match[1] in MONTHS:
        month, day, year, hour, minute, second, half = match.groups()
        try:
            at = datetime(int(year), MONTHS[month], int(day), tzinfo=UTC) + timedelta(
                hours=int(hour) % 12 + 12 * (half == "PM"), minutes=int(minute), seconds=int(second)
            )
        except (ValueError, OverflowError):
            return time
        return round(at.timestamp() * 1000)
    try:
        return None if time is None else round(float(time) * 1000)
    except (ValueError, OverflowError):
        return time


SOURCE = Source(
    name="aws_inspector",
    title="Amazon Inspector findings",
    vendor="AWS",
    domain="aws",
    documentation="https://docs.aws.amazon.com/inspector/v2/APIReference/API_Finding.html",
    event_id="`findingArn`, the time of its last change and status",
    lateness="within minutes through EventBridge, a report when it is exported",
    cadence=timedelta(minutes=5),
    keys=KeyTemplate(
        segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)", r"(?P<hour>\d\d)"),
        overlap=timedelta(days=2),
    ),
    expand=findings("Inspector2 Finding"),
    head=InspectorHead,
    identity=lambda head: None if head.findingArn is None else (head.findingArn, clock(head), head.status),
    clock=clock,
)
