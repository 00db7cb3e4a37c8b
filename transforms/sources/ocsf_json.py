"""OCSF in JSON, of any version and any product: lines, arrays, or one event a file.

https://schema.ocsf.io/1.8.0/
"""

from __future__ import annotations

from datetime import timedelta

from transforms.decoders.json_records import envelope
from transforms.sources.base import KeyTemplate, Source, Value
from transforms.sources.ocsf_events import OcsfHead, identity

SECONDS = 10**11
"""OCSF's times are milliseconds; what is below it was written in seconds."""


def clock(head: OcsfHead) -> Value:
    """`time`, or where a product writes none `time_dt`."""
    if isinstance(head.time, int | float) and 0 < head.time < SECONDS:
        return head.time * 1000
    return head.time if head.time is not None else head.time_dt


def reject(head: OcsfHead) -> str | None:
    return "not JSON of OCSF: it has no class_uid" if head.class_uid is None else None


SOURCE = Source(
    name="ocsf_json",
    title="OCSF events",
    vendor="OCSF",
    domain="context",
    documentation="https://schema.ocsf.io/1.8.0/",
    event_id="class, product, `metadata.uid` and time, of a finding its state; without a uid the record's own text",
    lateness="as its producer delivers",
    keys=KeyTemplate(
        segments=(r"(?:eventDay=)?(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)"), overlap=timedelta(days=7)
    ),
    expand=envelope("events"),
    head=OcsfHead,
    identity=identity,
    clock=clock,
    reject=reject,
    cadence=timedelta(minutes=5),
)
