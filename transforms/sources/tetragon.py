"""Tetragon: what processes do, as the agent exports it in JSON: they begin, end, and call what a policy watches.

An event is one member (`process_exec`, `process_exit`, `process_kprobe`, ...) beside its time and node. `exec_id` tells
a process's events as one's. Versions before 0.8 have `process_connect`, `process_close` and `process_listen`.
https://tetragon.io/docs/concepts/events/ https://tetragon.io/docs/reference/grpc-api/
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.decoders.json_records import envelope
from transforms.sources.base import Head, KeyTemplate, Source, Value

NOTHING = msgspec.Raw(b"")


class EventHead(Head):
    time: Value = None
    process_exec: msgspec.Raw = NOTHING
    process_exit: msgspec.Raw = NOTHING
    process_kprobe: msgspec.Raw = NOTHING
    process_tracepoint: msgspec.Raw = NOTHING
    process_uprobe: msgspec.Raw = NOTHING
    process_lsm: msgspec.Raw = NOTHING
    process_loader: msgspec.Raw = NOTHING
    process_throttle: msgspec.Raw = NOTHING
    process_connect: msgspec.Raw = NOTHING
    process_close: msgspec.Raw = NOTHING
    process_listen: msgspec.Raw = NOTHING
    process_dns: msgspec.Raw = NOTHING
    rate_limit_info: msgspec.Raw = NOTHING
    node_name: Value = None


def reject(head: EventHead) -> str | None:
    named = (getattr(head, name) for name in head.__struct_fields__ if name not in ("time", "node_name"))
    if head.node_name is None and not any(bytes(event) for event in named):
        return "no event of Tetragon"
    return None


SOURCE = Source(
    name="tetragon",
    title="Tetragon events",
    vendor="Cilium",
    domain="runtime",
    documentation="https://tetragon.io/docs/concepts/events/",
    event_id="none: the event's text, whose times are to the nanosecond",
    lateness="seconds; then as the shipper delivers",
    keys=KeyTemplate(segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)"), overlap=timedelta(days=2)),
    grows=True,
    expand=envelope(),
    head=EventHead,
    clock=lambda head: head.time,
    reject=reject,
)
