"""GitLab's audit events: `audit_json.log` of a self-managed instance, in both generations of its fields, and what
GitLab streams, bare or as lines of a collector.

Only a streamed event has an id. https://docs.gitlab.com/administration/logs/#audit_jsonlog
https://docs.gitlab.com/user/compliance/audit_event_schema/
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.decoders.json_records import envelope
from transforms.sources.base import Source, Value
from transforms.sources.collected import KEYS, CollectedHead, body_of, header
from transforms.sources.gitlab_objects import SECRETS


class Event(msgspec.Struct, gc=False):
    id: Value = None
    created_at: Value = None
    time: Value = None
    author_id: Value = None
    entity_type: Value = None


EVENT = msgspec.json.Decoder(Event)


class AuditHead(CollectedHead):
    id: Value = None
    created_at: Value = None
    time: Value = None
    author_id: Value = None
    entity_type: Value = None
    sent: Event | None = msgspec.field(default=None, name="catchment:sent")

    def __post_init__(self) -> None:
        """Decode the body of a collector's line. Raises msgspec.MsgspecError where it is none."""
        self.sent = EVENT.decode(body_of(self)) if self.headers is not None and bytes(self.body) else None


def identity(head: AuditHead) -> tuple[Value, ...] | None:
    """A streamed event's id, which a line of the file has not. Older versions gave some the second as their id."""
    event = head.sent or head
    uid = event.id if event.id is not None else header(head.headers, "x-gitlab-event-uuid")
    return None if uid is None else (uid, event.created_at)


def clock(head: AuditHead) -> Value:
    event = head.sent or head
    return event.created_at if event.created_at is not None else event.time


def reject(head: AuditHead) -> str | None:
    """Beside `audit_json.log` lie GitLab's other logs, in JSON too."""
    event = head.sent or head
    if event.author_id is None or event.entity_type is None:
        return "neither author_id nor entity_type: not an audit event of GitLab"
    return None


SOURCE = Source(
    name="gitlab_audit",
    title="GitLab audit events",
    vendor="GitLab",
    domain="vcs",
    documentation="https://docs.gitlab.com/user/compliance/audit_events/",
    event_id="`id` and time of a streamed event; a line of `audit_json.log` has none: its text",
    lateness="at once; then as the shipper delivers",
    keys=KEYS,
    grows=True,
    expand=envelope(),
    head=AuditHead,
    identity=identity,
    clock=clock,
    reject=reject,
    redact=SECRETS,
    cadence=timedelta(minutes=5),
)
