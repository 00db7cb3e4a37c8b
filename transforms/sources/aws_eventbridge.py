"""Amazon EventBridge: any event of a bus, as a rule archives it to S3 through Firehose or hands it to another target.

Firehose writes one event behind the other, with or without a line end, below `YYYY/MM/DD/HH/`.
https://docs.aws.amazon.com/eventbridge/latest/ref/overview.html
https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.decoders.json_records import envelope
from transforms.sources.base import Head, KeyTemplate, Source, Value


class EventHead(Head):
    id: Value = None
    account: Value = None
    time: Value = None
    detail_type: Value = msgspec.field(name="detail-type", default=None)


def identity(head: EventHead) -> tuple[Value, ...] | None:
    """An event that is replayed out of an archive, or forwarded to another bus, keeps its account and id."""
    return None if head.id is None else (head.account, head.id)


def reject(head: EventHead) -> str | None:
    """What a rule's input transformer left of an event, or the detail alone, tells neither what it is nor of whom."""
    if head.detail_type is None:
        return "no detail-type: not an EventBridge event, or only a part of one"
    return None


SOURCE = Source(
    name="aws_eventbridge",
    title="Amazon EventBridge",
    vendor="AWS",
    domain="aws",
    documentation="https://docs.aws.amazon.com/eventbridge/latest/ref/overview.html",
    event_id="the event's account and `id`",
    lateness="as long as the delivery stream buffers, 15 minutes at most",
    keys=KeyTemplate(segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)"), overlap=timedelta(days=2)),
    expand=envelope(),
    head=EventHead,
    identity=identity,
    clock=lambda head: head.time,
    reject=reject,
)
