"""Amazon Route 53 public DNS query logs: what name servers were asked about a hosted zone, lines of text.

Route 53 writes them to CloudWatch Logs alone. From there they come as log events (a subscription, or Firehose behind
one), as plain lines, or as an export to S3, which sets the time of each event before its line.
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3Export.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from transforms.decoders.cloudwatch import CloudWatch
from transforms.decoders.framing import ByContent
from transforms.decoders.json_records import envelope
from transforms.decoders.json_rows import JsonRows
from transforms.decoders.lines import Header, Lines, hyphened
from transforms.sources.base import KeyTemplate, Source, Table, Value

if TYPE_CHECKING:
    import pyarrow as pa

FIELDS = (
    "version query-timestamp hosted-zone-id query-name query-type response-code protocol edge-location resolver-ip"
    " edns-client-subnet"
)
"""Version 1.0. Later ones may append fields: what comes after these stays in the raw line."""
EXPORTED = f"exported-at {FIELDS}"


def layout(fields: str, begins: bytes) -> Header:
    """Lines of at least these fields, known by how they begin."""
    names = hyphened(fields)
    return Header(fields, names, begins=(begins,), least=len(names))


def clock(columns: Mapping[str, pa.Array]) -> Sequence[Value] | pa.Array:
    """When Route 53 answered, in UTC, to the millisecond: in epoch milliseconds where all are written so."""
    import pyarrow as pa
    import pyarrow.compute as pc

    times = columns["query-timestamp"]
    if pc.all(pc.equal(pc.binary_length(times), len("2026-11-02T09:30:00.123Z"))).as_py():
        try:
            return times.cast(pa.string()).cast(pa.timestamp("ms", "UTC")).cast(pa.int64())
        except pa.ArrowInvalid:
            pass
    return [None if time is None or time == b"-" else time.decode("utf-8", "replace") for time in times.to_pylist()]


TEXT = Lines(layouts=(layout(FIELDS, b"1."), layout(EXPORTED, b"20")), grows_right=True)

SOURCE = Source(
    name="aws_route53_public",
    title="Amazon Route 53 public DNS query logs",
    vendor="AWS",
    domain="aws",
    documentation="https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html",
    lateness="within minutes",
    cadence=timedelta(minutes=5),
    keys=KeyTemplate(segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)"), overlap=timedelta(days=2)),
    framing=CloudWatch(ByContent(text=TEXT, json=JsonRows(expand=envelope(), message="message", lines=TEXT))),
    table=Table(
        # a query has no id: one that came again within a millisecond, all else the same, is one
        identity=hyphened(FIELDS)[1:],
        needed=("query-timestamp", "hosted-zone-id", "query-name"),
        clock_columns=("query-timestamp",),
        clock=clock,
    ),
)
