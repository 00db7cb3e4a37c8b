"""CircleCI: pipelines, workflows and jobs as its API v2 tells them, and webhooks as a collector writes them.

An object is an event in each of its states. https://circleci.com/docs/api/v2/
https://circleci.com/docs/guides/integration/webhooks/
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from transforms.decoders.json_records import envelope
from transforms.sources.base import Source, Value
from transforms.sources.collected import KEYS, CollectedHead, body_of


class Hook(msgspec.Struct, gc=False):
    id: Value = None
    happened_at: Value = None
    type: Value = None


HOOK = msgspec.json.Decoder(Hook)


class CircleHead(CollectedHead):
    id: Value = None
    type: Value = None
    state: Value = None
    status: Value = None
    happened_at: Value = None
    updated_at: Value = None
    stopped_at: Value = None
    started_at: Value = None
    created_at: Value = None
    project_slug: Value = None
    hook: Hook | None = msgspec.field(default=None, name="catchment:hook")

    def __post_init__(self) -> None:
        """Decode the body of a collector's line. Raises msgspec.MsgspecError where it is none."""
        self.hook = HOOK.decode(body_of(self)) if self.headers is not None and bytes(self.body) else None


def identity(head: CircleHead) -> tuple[Value, ...] | None:
    if head.hook is not None:
        return None if head.hook.id is None else (head.hook.id,)
    return None if head.id is None else (head.id, head.state or head.status, clock(head))


def clock(head: CircleHead) -> Value:
    """When a webhook's event happened; when an object was changed last, as far as it says."""
    if head.hook is not None:
        return head.hook.happened_at
    times: tuple[Any, ...] = (head.happened_at, head.stopped_at, head.updated_at, head.started_at, head.created_at)
    return next((time for time in times if time is not None), None)


def reject(head: CircleHead) -> str | None:
    if head.hook is None and head.project_slug is None and head.happened_at is None:
        return "neither a pipeline, a workflow, a job nor a webhook of CircleCI"
    return None


SOURCE = Source(
    name="circleci",
    title="CircleCI pipelines",
    vendor="CircleCI",
    domain="ci/cd",
    documentation="https://circleci.com/docs/api/v2/",
    event_id="a webhook's `id`; else the object's `id`, state and last time",
    lateness="seconds by webhook, else as often as the API is asked",
    keys=KEYS,
    expand=envelope("items"),
    head=CircleHead,
    identity=identity,
    clock=clock,
    reject=reject,
    cadence=timedelta(minutes=5),
)
