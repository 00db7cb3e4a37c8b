"""What GitLab's REST API and its webhooks tell of code and pipelines, for the sources that land it.

A REST object is an event in each of its states: its address (or type and id), its state and its last time. A webhook,
as a line of a collector, has the header `X-Gitlab-Event-UUID`, which a retry keeps.
https://docs.gitlab.com/api/rest/ https://docs.gitlab.com/user/project/integrations/webhook_events/
"""

from __future__ import annotations

from typing import Any

import msgspec

from transforms.decoders.redaction import Redaction
from transforms.sources.base import Value
from transforms.sources.collected import CollectedHead, body_of, header

SECRETS = Redaction(secrets=("X-Gitlab-Token", "X-Gitlab-Event-Streaming-Token"))
"""The headers by which the receiver knows GitLab: the secret itself, in clear.

https://docs.gitlab.com/user/project/integrations/webhooks/ https://docs.gitlab.com/user/compliance/audit_event_streaming/
"""
TIMES = ("finished_at", "updated_at", "last_activity_at", "merged_at", "started_at", "created_at", "build_finished_at")


class Part(msgspec.Struct, gc=False):
    """What a webhook is about."""

    id: Value = None
    updated_at: Value = None
    finished_at: Value = None
    created_at: Value = None
    timestamp: Value = None


class Sent(msgspec.Struct, gc=False):
    """The body of a webhook."""

    object_kind: Value = None
    object_attributes: Part | None = None
    checkout_sha: Value = None
    after: Value = None
    build_id: Value = None
    build_status: Value = None
    build_finished_at: Value = None
    build_started_at: Value = None
    build_created_at: Value = None
    status_changed_at: Value = None
    deployment_id: Value = None


SENT = msgspec.json.Decoder(Sent)


class ObjectHead(CollectedHead):
    """A line of a collector, the body of a webhook, or an object of the REST API."""

    object_kind: Value = None
    id: Value = None
    iid: Value = None
    project_id: Value = None
    web_url: Value = None
    status: Value = None
    state: Value = None
    finished_at: Value = None
    updated_at: Value = None
    last_activity_at: Value = None
    merged_at: Value = None
    started_at: Value = None
    created_at: Value = None
    build_finished_at: Value = None
    sent: Sent | None = msgspec.field(default=None, name="catchment:sent")

    def __post_init__(self) -> None:
        """Decode the body of a collector's line. Raises msgspec.MsgspecError where it is none."""
        self.sent = SENT.decode(body_of(self)) if self.headers is not None and bytes(self.body) else None


def identity(head: ObjectHead) -> tuple[Value, ...] | None:
    if head.sent is not None:
        uuid = header(head.headers, "x-gitlab-event-uuid")
        return None if uuid is None else (uuid,)
    if head.object_kind is not None or head.id is None:
        return None
    times: list[Any] = [getattr(head, name) for name in TIMES]
    return (head.web_url, head.project_id, head.id, head.iid, head.status, head.state, *times)


def clock(head: ObjectHead) -> Value:
    """What the event has just set; else, of a collector's line, the receipt. An object's time is its last."""
    if head.sent is not None:
        sent = head.sent
        part = sent.object_attributes
        times = (
            *((part.finished_at, part.updated_at, part.created_at) if part is not None else ()),
            *(sent.status_changed_at, sent.build_finished_at, sent.build_started_at, sent.build_created_at),
        )
        return next((_iso(time) for time in times if time), head.received_at)
    return next((value for name in TIMES if (value := getattr(head, name)) is not None), None)


def _iso(time: Value) -> Value:
    """`2026-03-02 10:00:00 UTC`, as webhooks write it, in RFC 3339; anything else as it is."""
    if isinstance(time, str) and time.endswith(" UTC") and len(time) == 23:
        return f"{time[:10]}T{time[11:19]}Z"
    if isinstance(time, str) and len(time) == 25 and time[10] == " " and time[19] == " ":  # 2026-03-02 10:00:00 +0000
        return f"{time[:10]}T{time[11:19]}{time[20:23]}:{time[23:]}"
    return time
