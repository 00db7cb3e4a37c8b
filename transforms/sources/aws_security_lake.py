"""Amazon Security Lake: events that speak OCSF already, of any class and version, as Parquet or JSON.

AWS's own sources write version 1.0.0-rc.2 (source version 1) and 1.1.0 (source version 2); a custom source writes any.
https://docs.aws.amazon.com/security-lake/latest/userguide/internal-sources.html
https://docs.aws.amazon.com/security-lake/latest/userguide/custom-sources-best-practices.html
"""

from __future__ import annotations

from datetime import timedelta

from transforms.decoders.framing import ByContent
from transforms.decoders.json_records import JsonRecords, envelope
from transforms.decoders.parquet import ParquetRows
from transforms.sources.base import KeyTemplate, Source
from transforms.sources.ocsf_events import OcsfHead, identity

JSON = JsonRecords(envelope())

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
