"""AWS Config: configuration items in history and snapshot files, and what Config announces through SNS or EventBridge.

An item is a resource as it was at a time. A change is announced with the item, or with its summary where it is over
256 KB; rules call their functions with the same document. GetResourceConfigHistory's shape is read too.
https://docs.aws.amazon.com/config/latest/developerguide/view-manage-resource-console.html
https://docs.aws.amazon.com/config/latest/developerguide/notifications-for-AWS-Config.html
https://docs.aws.amazon.com/config/latest/developerguide/monitor-config-with-cloudwatchevents.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from transforms.decoders.json_records import envelope
from transforms.sources.base import Head, KeyTemplate, Source, Value

NOTHING = msgspec.Raw()


class Item(msgspec.Struct, gc=False):
    """What names a resource and its state. The API writes `arn`, files and announcements write `ARN`."""

    ARN: Value = None
    arn: Value = None
    resourceType: Value = None
    resourceId: Value = None
    awsAccountId: Value = None
    accountId: Value = None
    awsRegion: Value = None
    configurationItemCaptureTime: Value = None
    configurationStateId: Value = None


class Evaluation(msgspec.Struct, gc=False):
    resultRecordedTime: Value = None


class ConfigHead(Head):
    ARN: Value = None
    arn: Value = None
    resourceType: Value = None
    resourceId: Value = None
    awsAccountId: Value = None
    accountId: Value = None
    awsRegion: Value = None
    configurationItemCaptureTime: Value = None
    configurationStateId: Value = None
    # an announcement
    messageType: Value = None
    notificationCreationTime: Value = None
    configurationItem: Item | None = None
    configurationItemSummary: Item | None = None
    configRuleARN: Value = None
    newEvaluationResult: Evaluation | None = None
    configSnapshotId: Value = None
    s3ObjectKey: Value = None
    # what an announcement comes in
    Message: str | None = None
    MessageId: Value = None
    TopicArn: Value = None
    invokingEvent: str | None = None
    configRuleName: Value = None
    source: Value = None
    id: Value = None
    detail: msgspec.Raw = NOTHING


def item_of(head: ConfigHead) -> ConfigHead | Item:
    """The item that a record is, or is about."""
    return head.configurationItem or head.configurationItemSummary or head


def identity(head: ConfigHead) -> tuple[Value, ...] | None:
    """A state of a resource; its announcement is an event beside it, which also says what changed."""
    item = item_of(head)
    arn = item.ARN or item.arn or None
    # accounts and regions give the same names; an ARN holds its own
    place = item.awsAccountId or item.accountId, item.awsRegion
    if item.configurationItemCaptureTime is not None and item.resourceId is not None:
        told = (None, None) if arn is not None else (item.resourceType, item.resourceId, *place)
        return (head.messageType, arn, *told, item.configurationItemCaptureTime, item.configurationStateId)
    if head.messageType is None:
        return None
    rule = head.configRuleARN or head.configRuleName
    subject = rule, head.resourceType, head.resourceId, head.configSnapshotId, head.s3ObjectKey
    if not any(subject):
        return None
    named = place if head.configRuleName and not head.configRuleARN else ()
    return (head.messageType, *subject, *named, clock(head))


def clock(head: ConfigHead) -> Value:
    """When the resource was seen so; of what is about no state, when it was evaluated or announced.

    The API writes numbers, and they are seconds.
    """
    captured = item_of(head).configurationItemCaptureTime
    if captured is not None:
        return captured if isinstance(captured, str) else captured * 1000
    result = head.newEvaluationResult
    evaluated = result.resultRecordedTime if result is not None else None
    return evaluated if evaluated is not None else head.notificationCreationTime


def unwrap(head: ConfigHead) -> tuple[bytes, dict[str, Any]] | None:
    """The announcement in an SNS message, an EventBridge event or the event of a rule's function."""
    if head.detail != NOTHING and head.source == "aws.config":
        return bytes(head.detail), {"eventbridge": {"id": head.id}}
    if head.Message is not None:
        return head.Message.encode("utf-8", "surrogatepass"), {
            "sns": {"MessageId": head.MessageId, "TopicArn": head.TopicArn}
        }
    if head.invokingEvent is not None:
        return head.invokingEvent.encode("utf-8", "surrogatepass"), {"rule": head.configRuleName}
    return None


def reject(head: ConfigHead) -> str | None:
    return "an event of another service: it belongs to aws_eventbridge" if head.detail != NOTHING else None


SOURCE = Source(
    name="aws_config",
    title="AWS Config",
    vendor="AWS",
    domain="aws",
    documentation="https://docs.aws.amazon.com/config/latest/developerguide/WhatIsConfig.html",
    event_id="resource (ARN, or type and id), capture time and state id; of an announcement its kind, subject and time",
    lateness="history every 6 hours, snapshots as they are scheduled, changes within minutes",
    keys=KeyTemplate(
        segments=(r"(?P<year>\d{4})", r"(?P<month>\d{1,2})", r"(?P<day>\d{1,2})"), overlap=timedelta(days=2)
    ),
    skip_keys=r"(^|/)ConfigWritabilityCheckFile$",
    expand=envelope("configurationItems"),
    head=ConfigHead,
    identity=identity,
    clock=clock,
    reject=reject,
    unwrap=unwrap,
    cadence=timedelta(minutes=5),
)
