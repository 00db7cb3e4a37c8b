"""Alerts of GitHub's scanners, as its API and its webhooks hand them out, for the sources that land them.

https://docs.github.com/rest/secret-scanning/secret-scanning https://docs.github.com/rest/code-scanning/code-scanning
"""

from __future__ import annotations

import msgspec

from transforms.sources.base import Value
from transforms.sources.collected import CollectedHead, body_of


class Alert(msgspec.Struct, gc=False):
    number: Value = None
    url: Value = None
    state: Value = None
    updated_at: Value = None
    fixed_at: Value = None
    dismissed_at: Value = None
    resolved_at: Value = None
    created_at: Value = None


class Sent(msgspec.Struct, gc=False):
    action: Value = None
    alert: Alert | None = None


SENT = msgspec.json.Decoder(Sent)


class AlertHead(CollectedHead):
    action: Value = None
    alert: Alert | None = None
    number: Value = None
    url: Value = None
    state: Value = None
    updated_at: Value = None
    fixed_at: Value = None
    dismissed_at: Value = None
    resolved_at: Value = None
    created_at: Value = None
    sent: Sent | None = msgspec.field(name="catchment:sent", default=None)

    def __post_init__(self) -> None:
        """Decode the body of a collector's line. Raises msgspec.MsgspecError where it is none."""
        self.sent = SENT.decode(body_of(self)) if self.headers is not None and bytes(self.body) else None


def alert_of(head: AlertHead) -> Alert | AlertHead:
    return (head.sent.alert if head.sent is not None else head.alert) or head


def identity(head: AlertHead) -> tuple[Value, ...] | None:
    """The alert's address, its state and when it was in it."""
    alert = alert_of(head)
    return None if alert.url is None else (alert.url, alert.state, clock(head))


def clock(head: AlertHead) -> Value:
    """When the alert was changed last; some ends leave `updated_at` behind. A webhook may have its receipt's."""
    alert = alert_of(head)
    changed = (alert.updated_at, alert.fixed_at, alert.dismissed_at, alert.resolved_at)
    times = [time for time in changed if isinstance(time, str) and time[:1].isdigit()]
    if times:
        return max(times)
    return next((time for time in (*changed, alert.created_at) if time is not None), head.received_at)


def reject(head: AlertHead) -> str | None:
    return "not JSON of an alert: it has no number" if alert_of(head).number is None else None
