"""Cloud Storage's notifications out of a Pub/Sub subscription that is pulled, over Pub/Sub's REST API.

The notification configuration must send the object's metadata (payload format JSON_API_V1). Credentials come from
Google's default chain; PUBSUB_EMULATOR_HOST leads elsewhere, without credentials.
https://cloud.google.com/storage/docs/pubsub-notifications
https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions
"""

from __future__ import annotations

import binascii
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request

from transforms.errors import ConfigError, RetryableError
from transforms.readers.base import Notifications, RemoteObject
from transforms.readers.gcs import credentials_of
from transforms.readers.remote import shown

BATCH = 500
"""Messages in one request; Pub/Sub gives fewer as it likes, and allows 1,000."""
HOLD_SECONDS = 300
"""For so long no other reader gets the messages: planning must end within it, or they are delivered again."""
ATTEMPTS = 4
PLACE = re.compile(r"pubsub://([a-z0-9][a-z0-9.:-]*)/([A-Za-z][A-Za-z0-9_.~+%-]{2,254})")
BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
SCOPE = "https://www.googleapis.com/auth/pubsub"
Post = Callable[[str, dict[str, Any]], Any]
"""(method, request) -> the decoded answer; None where nothing came in time."""


def receive(uri: str, environment: Mapping[str, str], *, wait_seconds: float = 5, most: int = 1000) -> Notifications:
    """Read at most about `most` messages of `pubsub://<project>/<subscription>`.

    Stops when a request that waited `wait_seconds` brings nothing new. Raises ConfigError (no such subscription,
    forbidden) or RetryableError.
    """
    matched = PLACE.fullmatch(uri)
    if matched is None:
        raise ConfigError(f"{shown(uri)}: expected pubsub://<project>/<subscription>")
    post = _poster(uri, f"projects/{matched[1]}/subscriptions/{matched[2]}", environment, wait_seconds)
    objects: dict[tuple[str, str], RemoteObject] = {}
    understood: dict[str, str] = {}
    unreadable: set[str] = set()
    while len(understood) + len(unreadable) < most:
        left = most - len(understood) - len(unreadable)
        answer = post("pull", {"maxMessages": min(BATCH, left)})
        messages = (answer or {}).get("receivedMessages", [])
        seen = len(understood) + len(unreadable)
        for received in messages:
            message = received["message"]
            try:
                found = announced(message)
            except ValueError:
                unreadable.add(message["messageId"])
                continue
            understood[message["messageId"]] = received["ackId"]
            objects |= {(o.uri, o.version): o for o in found}
        if len(understood) + len(unreadable) == seen:  # nothing, or only messages that came again
            break
        taken = [m["ackId"] for m in messages if m["message"]["messageId"] in understood]
        if taken:
            post("modifyAckDeadline", {"ackIds": taken, "ackDeadlineSeconds": HOLD_SECONDS})

    def acknowledge() -> None:
        handles = list(understood.values())
        for first in range(0, len(handles), BATCH):
            post("acknowledge", {"ackIds": handles[first : first + BATCH]})

    return Notifications(objects=list(objects.values()), acknowledge=acknowledge, skipped=len(unreadable))


def announced(message: Any) -> list[RemoteObject]:
    """The object whose creation one message announces; none for another kind of event.

    Raises ValueError for what is no Cloud Storage notification with the object's metadata.
    """
    try:
        attributes = message["attributes"]
        kind = attributes["eventType"]
        if kind in ("OBJECT_DELETE", "OBJECT_ARCHIVE", "OBJECT_METADATA_UPDATE"):
            return []
        if kind != "OBJECT_FINALIZE":
            raise ValueError("another kind of event")
        thing = msgspec.json.decode(binascii.a2b_base64(message["data"], strict_mode=True))
        bucket, name, generation = thing["bucket"], thing["name"], thing["generation"]
        told = (attributes["bucketId"], attributes["objectId"], attributes["objectGeneration"])
        if (bucket, name, generation) != told:
            raise ValueError("its attributes name another object than its data")
        modified = datetime.fromisoformat(thing["updated"])
        size = int(thing["size"])
        if not (BUCKET.fullmatch(bucket) and name and generation.isdecimal() and size >= 0 and modified.tzinfo):
            raise ValueError("no bucket, name, generation, size or zone")
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"no Cloud Storage notification: {error!r}") from None
    uri = f"gs://{bucket}/{name}"
    item = RemoteObject(uri=uri, version=generation, size=size, modified=modified.astimezone(UTC))
    return [] if item.is_folder else [item]


def _poster(uri: str, subscription: str, environment: Mapping[str, str], wait_seconds: float) -> Post:
    """How to ask the subscription for something, with credentials; failures that may pass are tried again."""
    emulator = environment.get("PUBSUB_EMULATOR_HOST")
    base = f"http://{emulator}" if emulator else "https://pubsub.googleapis.com"
    credentials = None if emulator else credentials_of(uri, environment, SCOPE)[0]
    client = httpx.Client()

    def headers() -> dict[str, str]:
        if credentials is None:
            return {}
        try:
            if not credentials.valid:
                credentials.refresh(Request())
        except GoogleAuthError as error:
            kind = RetryableError if getattr(error, "retryable", False) else ConfigError
            raise kind(f"{uri}: {str(error).splitlines()[0]}") from None
        return {"Authorization": f"Bearer {credentials.token}"}

    def post(method: str, body: dict[str, Any]) -> Any:
        reason = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(0.25 * 2**attempt)
            wait = httpx.Timeout(wait_seconds if method == "pull" else 30.0, connect=10.0)
            try:
                answer = client.post(f"{base}/v1/{subscription}:{method}", json=body, headers=headers(), timeout=wait)
            except httpx.ReadTimeout:
                if method == "pull":  # what Pub/Sub was about to give comes again later
                    return None
                reason = "no answer in time"
                continue
            except httpx.TransportError as error:
                reason = f"{type(error).__name__}: {error}"
                continue
            if answer.status_code == 200:
                try:
                    return msgspec.json.decode(answer.content)
                except (msgspec.DecodeError, ValueError) as error:
                    reason = f"an answer that is no JSON: {error}"
                    continue
            reason = f"status {answer.status_code}"
            if answer.status_code == 404:
                raise ConfigError(f"{uri}: no such subscription")
            if answer.status_code < 500 and answer.status_code not in (408, 409, 429):
                raise ConfigError(f"{uri}: Google refused to {method}: {reason}")
        raise RetryableError(f"{uri}: {method}: {reason}, {ATTEMPTS} times in a row")

    return post
