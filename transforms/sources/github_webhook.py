"""GitHub webhooks, as a collector writes them: a line a delivery, with its headers.

A body has no id and no time of its own: the header `X-GitHub-Delivery` is the id, which a redelivery keeps, and the
time is that of what the event is about, where the event has just set it, else when the collector received it.

https://docs.github.com/webhooks/webhook-events-and-payloads
https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

from typing import Any

import msgspec

from transforms.decoders.json_records import envelope
from transforms.sources.base import Source, Value
from transforms.sources.collected import KEYS, OBJECT, CollectedHead, body_of, header
from transforms.sources.github_signature import vouch

SUBJECTS = (
    *("review", "comment", "thread", "deployment_status", "deployment", "workflow_job", "workflow_run", "check_run"),
    *("check_suite", "pull_request", "issue", "release", "rule", "repository_ruleset", "alert", "key", "forkee"),
    *("discussion", "milestone", "package", "registry_package", "build", "installation"),
)
"""What an event may be about, the most exact first."""
CLOCKS = ("submitted_at", "completed_at", "updated_at", "published_at", "started_at", "created_at")
ANY = msgspec.json.Decoder().decode
LEAVING = ("deleted", "removed", "destroyed", "dismissed", "labeled", "unlabeled", "assigned", "unassigned")
"""Actions after which the subject still has the time of its last change before."""


NOTHING = msgspec.Raw(b"")
LOOKED_AT = ("action", "pusher", "commits", "repository", *SUBJECTS)
WebhookHead: Any = msgspec.defstruct(
    "WebhookHead", [(name, msgspec.Raw, NOTHING) for name in LOOKED_AT], bases=(CollectedHead,), gc=False
)
"""A line of the collector, or a bare body, of which the members are looked at that tell its time."""


def identity(head: CollectedHead) -> tuple[Value, ...] | None:
    guid = header(head.headers, "x-github-delivery")
    return None if guid is None else (guid,)


def clock(head: Any) -> Value:
    """What the event has just set; else the receipt. A bare body that has set nothing has its object's time."""
    if bytes(head.body):
        return last_set(OBJECT.decode(body_of(head))) or head.received_at
    return last_set({name: ANY(raw) for name in LOOKED_AT if bytes(raw := getattr(head, name))})


def last_set(sent: dict[str, Any]) -> Value:
    """The time in a body that the event itself has set, in milliseconds or as a text; None where there is none."""
    repository = sent.get("repository")
    if "pusher" in sent and "commits" in sent and isinstance(repository, dict):
        pushed = repository.get("pushed_at")  # seconds here, a text in every other event
        return pushed * 1000 if isinstance(pushed, int) else None
    if sent.get("action") in LEAVING:
        return None
    for name in SUBJECTS:
        subject = sent.get(name)
        if isinstance(subject, dict):
            return next((subject[field] for field in CLOCKS if isinstance(subject.get(field), str)), None)
    return None


SOURCE = Source(
    name="github_webhook",
    title="GitHub webhooks",
    vendor="GitHub",
    domain="vcs",
    documentation="https://docs.github.com/webhooks/webhook-events-and-payloads",
    event_id="the header `X-GitHub-Delivery`; of a bare body its text",
    lateness="seconds; a redelivery for three days",
    keys=KEYS,
    grows=True,
    expand=envelope(),
    head=WebhookHead,
    identity=identity,
    clock=clock,
    vouch=vouch,
    dated_by_object=True,
)
