"""AWS CloudTrail log files, as delivered to S3 or by CloudWatch Logs, and the LookupEvents shape.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from transforms.decoders.cloudwatch import CloudWatch
from transforms.decoders.json_records import JsonRecords, envelope
from transforms.sources.base import Head, KeyTemplate, Source, Value


class CloudTrailHead(Head):
    eventID: Value = None
    eventTime: Value = None
    recipientAccountId: Value = None
    digestS3Object: Value = None
    CloudTrailEvent: str | None = None


def identity(head: CloudTrailHead) -> tuple[Value, ...] | None:
    """An event delivered to several accounts is one event in each: eventID alone would fold them."""
    return None if head.eventID is None else (head.recipientAccountId, head.eventID)


def reject(head: CloudTrailHead) -> str | None:
    if head.digestS3Object is not None:
        return "a CloudTrail digest, not an event: it belongs to aws_cloudtrail_digest"
    return None


def unwrap(head: CloudTrailHead) -> tuple[bytes, dict[str, Any]] | None:
    """LookupEvents returns the event as JSON in a string."""
    if head.CloudTrailEvent is None:
        return None
    return head.CloudTrailEvent.encode(), {"api": "LookupEvents"}


SOURCE = Source(
    name="aws_cloudtrail",
    title="AWS CloudTrail",
    vendor="AWS",
    domain="aws",
    documentation="https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference.html",
    event_id="the account that it was delivered to and `eventID`",
    lateness="CloudTrail: about 5 minutes after the call on average, not guaranteed",
    keys=KeyTemplate(segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)"), overlap=timedelta(days=2)),
    skip_keys=r"(^|/)CloudTrail-Digest/",
    framing=CloudWatch(JsonRecords(envelope("Records", "Events"))),
    head=CloudTrailHead,
    identity=identity,
    clock=lambda head: head.eventTime,
    reject=reject,
    unwrap=unwrap,
)
