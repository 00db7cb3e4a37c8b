"""Amazon CloudFront standard logs: W3C text, JSON and Parquet in S3, and what CloudWatch Logs and Firehose hand on.

The id of a request is CloudFront's own, but more than one record may have it: what was sent tells them apart. Values of
the text are percent-encoded, so that no value holds a blank: lines may stand between tabs or, as a delivery can be set
up, between spaces.
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from transforms.decoders.cloudwatch import CloudWatch
from transforms.decoders.framing import ByContent
from transforms.decoders.json_records import envelope
from transforms.decoders.json_rows import JsonRows
from transforms.decoders.lines import Header, Lines, directive
from transforms.decoders.parquet import ParquetRows
from transforms.sources.base import KeyTemplate, Source, Table, Value

if TYPE_CHECKING:
    import pyarrow as pa

FIELDS = (
    "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer)"
    " cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes"
    " time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status"
    " fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len"
    " sc-range-start sc-range-end"
)
"""AWS's table of fields, in its order: what is delivered without a header, as by Firehose."""
DIRECTIVE = directive("#Fields:", "\t")


def plain(name: str) -> str:
    """`cs(User-Agent)` of text and JSON, and `cs_user_agent` of Parquet, are `cs-user-agent`."""
    return name.lower().replace("(", "-").replace(")", "").replace("_", "-")


def header(line: bytes, first: bool) -> Header | None:
    """The columns that a `#Fields:` line names; `#Version:` is neither header nor record."""
    found = DIRECTIVE(line, first)
    return found and replace(found, names=tuple(map(plain, found.names)))


def clock(columns: Mapping[str, pa.Array]) -> Sequence[Value]:
    """When the edge finished responding: in milliseconds where a delivery asks for them, else to the second."""
    if "timestamp-ms" in columns:
        return [int(v) if v is not None and v.isdigit() else None for v in columns["timestamp-ms"].to_pylist()]
    if not {"date", "time"} <= columns.keys():
        return [None] * len(next(iter(columns.values())))
    return [_time(day, at) for day, at in zip(columns["date"].to_pylist(), columns["time"].to_pylist(), strict=True)]


def _time(day: bytes | None, at: bytes | None) -> Value:
    if day is None or at is None or b"-" in (day, at):
        return None
    return f"{day.decode('utf-8', 'replace')}T{at.decode('utf-8', 'replace')}Z"


TEXT = Lines(header=header, opens=b"#", layouts=(header(FIELDS.encode(), True) or Header(FIELDS),), respaced=True)

SOURCE = Source(
    name="aws_cloudfront",
    title="Amazon CloudFront standard logs",
    vendor="AWS",
    domain="aws",
    documentation="https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html",
    lateness="several files an hour, mostly within an hour, some up to 24 hours late",
    cadence=timedelta(minutes=5),
    keys=KeyTemplate(
        segments=(r"(?:year=)?(?P<year>\d{4})", r"(?:month=)?(?P<month>\d\d)", r"(?:day=)?(?P<day>\d\d)"),
        overlap=timedelta(days=2),
    ),
    framing=CloudWatch(
        ByContent(
            text=TEXT,
            json=JsonRows(expand=envelope(), rename=plain, message="message", lines=TEXT),
            parquet=ParquetRows(rename=plain),
        )
    ),
    table=Table(
        identity=("x-edge-request-id", "date", "time", "timestamp-ms", "sc-status", "sc-bytes", "x-edge-result-type"),
        needed=("x-edge-request-id",),
        clock_columns=("date", "time", "timestamp-ms"),
        clock=clock,
    ),
)
