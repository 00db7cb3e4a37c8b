"""Falco's alerts: lines of its JSON output, and objects that Falcosidekick writes of them, one an alert.

Falcosidekick puts them below `<prefix>/YYYY-MM-DD/` of a bucket, in its own words: an id and fields of its own beside
Falco's, and times without zeros at the end.

https://falco.org/docs/outputs/formatting/
https://github.com/falcosecurity/falcosidekick/blob/master/docs/outputs/aws_s3.md
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.decoders.json_records import envelope
from transforms.sources.base import Head, KeyTemplate, Source, Value
from transforms.sources.log_entry import instant


class Fields(msgspec.Struct, gc=False):
    nanoseconds: Value = msgspec.field(name="evt.time", default=None)
    also_nanoseconds: Value = msgspec.field(name="evt.time.iso8601", default=None)


class AlertHead(Head):
    time: Value = None
    rule: Value = None
    output: Value = None
    hostname: Value = None
    output_fields: Fields | None = None


def identity(head: AlertHead) -> tuple[Value, ...]:
    """Falco gives no id, and Falcosidekick's is its own: which rule, where, at which nanosecond, and what was said."""
    return (head.hostname, head.rule, head.output, instant(head.time if head.time is not None else clock(head)))


def clock(head: AlertHead) -> Value:
    """An alert's time; where it has none, the event's own, whose fields hold nanoseconds whatever their names say."""
    if head.time is not None or head.output_fields is None:
        return head.time
    times = (head.output_fields.nanoseconds, head.output_fields.also_nanoseconds)
    return next((time // 1_000_000 for time in times if isinstance(time, int)), None)


def reject(head: AlertHead) -> str | None:
    """Falco writes its own operation to the same place where it is told to log as JSON."""
    if head.rule is None and head.output is None:
        return "neither rule nor output: not an alert of Falco"
    return None


SOURCE = Source(
    name="falco",
    title="Falco alerts",
    vendor="Falco",
    domain="runtime",
    documentation="https://falco.org/docs/outputs/formatting/",
    event_id="`hostname`, `rule`, `output` and `time`: an alert has no id of its own",
    lateness="seconds, as Falcosidekick or the shipper delivers",
    keys=KeyTemplate(segments=(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)",), overlap=timedelta(days=2)),
    grows=True,
    expand=envelope(),
    head=AlertHead,
    identity=identity,
    clock=clock,
    reject=reject,
)
