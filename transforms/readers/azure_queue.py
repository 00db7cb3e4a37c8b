"""Event Grid's events of new blobs out of a storage queue, `azqueue://<queue>` of the account that holds the blobs.

Event Grid writes one event a message, in Base64, in its own schema or as a CloudEvent. A queue has no policy for what
nobody understands: such a message comes again, and goes to `<queue>-poison` after five times, where that queue exists.
Append blobs are announced when they are made and never when they grow: they must be listed.
https://learn.microsoft.com/azure/event-grid/event-schema-blob-storage
https://learn.microsoft.com/azure/event-grid/handler-storage-queues
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec
from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueMessage, QueueServiceClient

from transforms.errors import ConfigError
from transforms.readers.azure import service_of, translated
from transforms.readers.base import Notifications, RemoteObject
from transforms.readers.remote import shown

BATCH = 32
"""Messages in one request; the service allows no more."""
HOLD_SECONDS = 300
"""For so long no other reader gets the messages: planning must end within it, or they are delivered again."""
POISON_AFTER = 5
PLACE = re.compile(r"azqueue://([a-z0-9](?:-?[a-z0-9]){2,62})")
SUBJECT = re.compile(r"/blobServices/default/containers/([a-z0-9$][a-z0-9-]{1,62})/blobs/(.+)", re.DOTALL)
CREATED = "Microsoft.Storage.BlobCreated"


def receive(uri: str, environment: Mapping[str, str], *, most: int = 1000) -> Notifications:
    """Read at most `most` messages of `azqueue://<queue>`.

    Raises ConfigError (no such queue, forbidden, a queue that announces append blobs) or RetryableError.
    """
    matched = PLACE.fullmatch(uri.rstrip("/"))
    if matched is None:
        raise ConfigError(f"{shown(uri)}: expected azqueue://<queue>")
    service = service_of(QueueServiceClient, "queue", uri, environment)
    queue = service.get_queue_client(matched[1])
    objects: dict[tuple[str, str], RemoteObject] = {}
    understood: list[QueueMessage] = []
    unreadable: list[QueueMessage] = []
    try:
        for message in queue.receive_messages(
            messages_per_page=min(BATCH, most), visibility_timeout=HOLD_SECONDS, max_messages=most
        ):
            try:
                found = announced(message.content, str(service.account_name))
            except ValueError:
                unreadable.append(message)
                continue
            understood.append(message)
            objects |= {(o.uri, o.version): o for o in found}
        for message in unreadable:
            if (message.dequeue_count or 0) >= POISON_AFTER:
                _put_aside(queue, service.get_queue_client(f"{matched[1]}-poison"), message)
    except ResourceNotFoundError:
        raise ConfigError(f"{uri}: no such queue") from None
    except AzureError as error:
        raise translated(error, uri) from None

    def acknowledge() -> None:
        try:
            for message in understood:
                _delete(queue, message)
        except AzureError as error:
            raise translated(error, uri) from None

    return Notifications(objects=list(objects.values()), acknowledge=acknowledge, skipped=len(unreadable))


def announced(text: str, account: str) -> list[RemoteObject]:
    """The blob whose creation one message announces; none for another kind of event.

    Raises ValueError for what is no event of the account's blobs, ConfigError for the creation of an append blob.
    """
    try:
        event = msgspec.json.decode(_decoded(text))
        if (event.get("eventType") or event["type"]) != CREATED:
            return []
        thing, matched = event["data"], SUBJECT.fullmatch(event["subject"])
        where = str(event.get("topic") or event["source"]).rpartition("/storageAccounts/")[2]
        modified = datetime.fromisoformat(event.get("eventTime") or event["time"])
        version, size, kind = thing["eTag"].strip('"'), thing["contentLength"], thing["blobType"]
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"no event of a blob: {error!r}") from None
    if matched is None or where != account or not version or not isinstance(size, int) or modified.tzinfo is None:
        raise ValueError("no blob of this account, eTag, size or zone")
    if thing.get("api") == "CreateFile" and not size:  # Data Lake Storage: FlushWithClose says when it is written
        return []
    if kind == "AppendBlob":
        raise ConfigError(f"{shown(event['subject'])}: an append blob grows without an event: list its container")
    uri = f"az://{matched[1]}/{matched[2]}"
    return [RemoteObject(uri=uri, version=version, size=size, modified=modified.astimezone(UTC))]


def _decoded(text: str) -> bytes:
    """The JSON of a message, in Base64 as Event Grid writes it, or as it is."""
    return text.encode() if text.lstrip()[:1] == "{" else binascii.a2b_base64(text, strict_mode=True)


def _put_aside(queue: QueueClient, poison: QueueClient, message: QueueMessage) -> None:
    with suppress(ResourceNotFoundError):  # without that queue it stays where it is
        poison.send_message(message.content)
        _delete(queue, message)


def _delete(queue: QueueClient, message: QueueMessage) -> None:
    """Delete a message; one that was given to another reader since is that one's."""
    try:
        queue.delete_message(message.id, message.pop_receipt)
    except HttpResponseError as error:
        code: Any = getattr(error, "error_code", "")
        if str(getattr(code, "value", code)) not in ("MessageNotFound", "PopReceiptMismatch"):
            raise
