"""Amazon Security Lake: events that speak OCSF already, of any class and version, as Parquet or JSON.

AWS's own sources write version 1.0.0-rc.2 (source version 1) and 1.1.0 (source version 2); a custom source writes any.
https://docs.aws.amazon.com/security-lake/latest/userguide/internal-sources.html
https://docs.aws.amazon.com/security-lake/latest/userguide/custom-sources-best-practices.html
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.decoders.framing import ByContent
from transforms.decoders.json_records import JsonRecords, envelope
from transforms.decoders.parquet import ParquetRows
from transforms.sources.base import Head, KeyTemplate, Source, Value

JSON = JsonRecords(envelope())


class Product(msgspec.Struct, gc=False):
    name: Value = None


class Metadata(msgspec.Struct, gc=False):
    uid: Value = None
    product: Product | None = None


class Finding(msgspec.Struct, gc=False):
    uid: Value = None
    modified_time: Value = None


class OcsfHead(Head):
    class_uid: Value = None
    time: Value = None
    metadata: Metadata | None = None
    finding: Finding | None = None
    finding_info: Finding | None = None


def identity(head: OcsfHead) -> tuple[Value, ...] | None:
    """The product's own id of the event; a finding comes again as it changes. Flows and queries have none."""
    told = head.metadata
    if told is None or told.uid is None:
        return None
    found = head.finding_info or head.finding
    state = (None, None) if found is None else (found.uid, found.modified_time)
    return (head.class_uid, told.product.name if told.product is not None else None, told.uid, head.time, *state)


SOURCE = Source(
    name="aws_security_lake",
    title="Amazon Security Lake",
    vendor="AWS",
    domain="aws",
    documentation="https://docs.aws.amazon.com/security-lake/latest/userguide/subscriber-data-access.html",
    event_id="class, product, `metadata.uid` and time, of a finding its state; without a uid the record's own text",
    lateness="files every few minutes, as the lake's sources deliver",
    keys=KeyTemplate(
        segments=(r"eventDay=(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)",),
        overlap=timedelta(days=7),
    ),
    framing=ByContent(text=JSON, json=JSON, parquet=ParquetRows()),
    head=OcsfHead,
    identity=identity,
    clock=lambda head: head.time,
    cadence=timedelta(minutes=5),
)
