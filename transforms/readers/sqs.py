"""S3's event notifications out of an SQS queue, in every wrapping in which they arrive.

Straight from S3 and through SNS the key is URL-encoded; through EventBridge it is not.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus, urlsplit

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from transforms.errors import ConfigError
from transforms.readers.base import Notifications, RemoteObject
from transforms.readers.s3 import client_config, endpoint_of, session_of, translated

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

BATCH = 10
"""Messages in one request; SQS allows no more."""


def receive(uri: str, environment: Mapping[str, str], *, wait_seconds: int = 1, most: int = 1000) -> Notifications:
    """Read at most about `most` messages of `sqs://<queue name>` or `sqs+https://<queue url>`.

    Stops when a request that waited `wait_seconds` brings nothing. Raises ConfigError (no such queue,
    forbidden) or RetryableError.
    """
    try:
        client, queue = _queue(uri, environment)
        objects: dict[tuple[str, str], RemoteObject] = {}
        understood: dict[str, str] = {}
        unreadable: set[str] = set()
        while len(understood) + len(unreadable) < most:
            answer = client.receive_message(QueueUrl=queue, MaxNumberOfMessages=BATCH, WaitTimeSeconds=wait_seconds)
            messages = answer.get("Messages", [])
            seen = len(understood) + len(unreadable)
            for message in messages:
                try:
                    found = announced(message["Body"])
                except ValueError:
                    unreadable.add(message["MessageId"])
                    continue
                understood[message["MessageId"]] = message["ReceiptHandle"]
                objects |= {(o.uri, o.version): o for o in found}
            if len(understood) + len(unreadable) == seen:  # nothing, or only messages that came again
                break
    except (ClientError, BotoCoreError) as error:
        raise _translated(error, uri) from None

    def acknowledge() -> None:
        handles = list(understood.values())
        try:
            for first in range(0, len(handles), BATCH):
                entries = [{"Id": str(i), "ReceiptHandle": h} for i, h in enumerate(handles[first : first + BATCH])]
                client.delete_message_batch(QueueUrl=queue, Entries=entries)  # type: ignore[arg-type]
        except (ClientError, BotoCoreError) as error:
            raise _translated(error, uri) from None

    return Notifications(objects=list(objects.values()), acknowledge=acknowledge, skipped=len(unreadable))


def announced(body: str | bytes) -> list[RemoteObject]:
    """The created objects that one message announces; none for a test event or another kind of event.

    Raises ValueError for what is no S3 notification.
    """
    try:
        message = msgspec.json.decode(body)
        if isinstance(message, dict) and message.get("Type") == "Notification":  # SNS
            message = msgspec.json.decode(message["Message"])
        if message.get("Event") == "s3:TestEvent":
            return []
        if message.get("source") == "aws.s3":
            found = [_from_eventbridge(message)] if message["detail-type"] == "Object Created" else []
        else:
            found = [_from_s3(r) for r in message["Records"] if _created(r)]
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise ValueError(f"no S3 notification: {error!r}") from None
    return [item for item in found if not item.is_folder]


def _created(record: Any) -> bool:
    return record["eventSource"] == "aws:s3" and str(record["eventName"]).removeprefix("s3:").startswith(
        "ObjectCreated:"
    )


def _from_s3(record: Any) -> RemoteObject:
    thing = record["s3"]["object"]
    key = unquote_plus(thing["key"], errors="strict")
    return _object(record["s3"]["bucket"]["name"], key, thing["eTag"], thing["size"], record["eventTime"])


def _from_eventbridge(message: Any) -> RemoteObject:
    thing = message["detail"]["object"]
    return _object(message["detail"]["bucket"]["name"], thing["key"], thing["etag"], thing["size"], message["time"])


def _object(bucket: str, key: str, etag: str, size: int, when: str) -> RemoteObject:
    if not (isinstance(size, int) and bucket and key and "/" not in bucket):
        raise ValueError("no size, bucket or key")
    modified = datetime.fromisoformat(when)
    if modified.tzinfo is None:
        raise ValueError("a time without a zone")
    return RemoteObject(
        uri=f"s3://{bucket}/{key}", version=etag.strip('"'), size=size, modified=modified.astimezone(UTC)
    )


def _queue(uri: str, environment: Mapping[str, str]) -> tuple[SQSClient, str]:
    endpoint = endpoint_of(environment, "SQS")
    session = session_of(environment, uri.rstrip("/").rpartition("/")[2])
    if uri.startswith(("sqs+https://", "sqs+http://")):
        url = uri.removeprefix("sqs+")
        host = (urlsplit(url).hostname or "").split(".")
        region = host[1] if len(host) > 2 and host[0] == "sqs" else None
        return session.client("sqs", region_name=region, endpoint_url=endpoint, config=client_config()), url
    name = uri.removeprefix("sqs://").strip("/")
    if not name or "/" in name:
        raise ConfigError(f"{uri}: expected sqs://<queue name> or sqs+https://<queue url>")
    client = session.client("sqs", endpoint_url=endpoint, config=client_config())
    return client, client.get_queue_url(QueueName=name)["QueueUrl"]


def _translated(error: Exception, uri: str) -> Exception:
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
    if "NonExistentQueue" in code or "QueueDoesNotExist" in code:
        return ConfigError(f"{uri}: no such queue")
    return translated(error, uri)
