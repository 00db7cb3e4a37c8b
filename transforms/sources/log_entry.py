"""Google Cloud's LogEntry: what every log has in common that Cloud Logging hands on, whatever its payload.

From a sink to Cloud Storage (hourly `S<n>` objects, and `A<n>` addenda for entries that come late), through Pub/Sub
(base64 in a message), or read with the Logging API.
https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry
https://cloud.google.com/logging/docs/export/storage#gcs-organization
"""

from __future__ import annotations

import binascii
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

import msgspec

from transforms.decoders.json_records import envelope
from transforms.sources.base import Head, KeyTemplate, Value

KEYS = KeyTemplate(segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)"), overlap=timedelta(days=2))
EXPAND = envelope("entries", "receivedMessages")


class PubsubMessage(msgspec.Struct, gc=False):
    """https://cloud.google.com/pubsub/docs/reference/rest/v1/PubsubMessage"""

    data: str | None = None
    messageId: Value = None
    publishTime: Value = None
    attributes: dict[str, Value] | None = None


class LogEntryHead(Head):
    """A source's head adds the payload that it reads."""

    logName: Value = None
    timestamp: Value = None
    insertId: Value = None
    message: PubsubMessage | None = None
    subscription: Value = None


def identity(head: LogEntryHead) -> tuple[Value, ...] | None:
    """insertId is unique only within a log and an instant, and transports write both of these in several ways."""
    return None if head.insertId is None else (log_name(head.logName), instant(head.timestamp), head.insertId)


@lru_cache(maxsize=4096)
def log_name(name: Value) -> Value:
    """`.../logs/cloudaudit.googleapis.com%2Factivity` is `.../logs/cloudaudit.googleapis.com/activity`."""
    return unquote(name) if isinstance(name, str) else name


def instant(time: Value) -> Value:
    """The time without zeros at the fraction's end: encoders write .08, .080 or .080000000."""
    if isinstance(time, str) and "." in time and time.endswith("Z"):
        return time[:-1].rstrip("0").rstrip(".") + "Z"
    return time


def unwrap(head: LogEntryHead) -> tuple[bytes, dict[str, Any]] | None:
    """A Pub/Sub message, pushed or pulled, carries the entry in base64. Raises ValueError where it does not."""
    message = head.message
    if message is None or head.logName is not None:
        return None
    if message.data is None:
        raise ValueError("a Pub/Sub message without data")
    try:
        entry = binascii.a2b_base64(message.data, strict_mode=True)
    except ValueError as error:
        raise ValueError(f"a Pub/Sub message whose data is no base64: {error}") from None
    told = {
        "messageId": message.messageId,
        "publishTime": message.publishTime,
        "attributes": message.attributes,
        "subscription": head.subscription,
    }
    return entry, {"pubsub": {name: value for name, value in told.items() if value is not None}}
