"""Amazon VPC flow logs in S3, as text or Parquet, and as CloudWatch Logs hands them on.

https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from transforms.decoders.cloudwatch import CloudWatch
from transforms.decoders.framing import ByContent
from transforms.decoders.json_records import envelope
from transforms.decoders.json_rows import JsonRows
from transforms.decoders.lines import Header, Lines, header_like, hyphened
from transforms.decoders.parquet import ParquetRows
from transforms.sources.base import KeyTemplate, Source, Table, Value

if TYPE_CHECKING:
    import pyarrow as pa

DEFAULT = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
"""The default format: what CloudWatch Logs delivers, without a header."""
TCP_FLAGS = (
    "version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport dstport pkt-srcaddr"
    " pkt-dstaddr protocol bytes packets start end action tcp-flags log-status"
)
"""The custom format of AWS's own examples."""
ALL_TO_V5 = (
    f"{DEFAULT} vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type"
    " sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path"
)
"""Every field up to version 5, in the order of AWS's table of fields."""
EARLIEST = 631_152_000
"""1990-01-01: an earlier `start` is no time of a flow."""


def clock(columns: Mapping[str, pa.Array]) -> Sequence[Value] | pa.Array:
    """`start` in epoch milliseconds; `end` where there is no plausible start."""
    import pyarrow as pa
    import pyarrow.compute as pc

    times = [_seconds(columns[name]) for name in ("start", "end") if name in columns]
    whole = [t for t in times if isinstance(t, pa.Array)]
    if len(whole) == len(times) and whole:
        start = pc.if_else(pc.less(whole[0], EARLIEST), whole[-1], whole[0])
        if pc.all(pc.less(pc.abs(start), 1 << 40)).as_py():
            return pc.multiply(start, 1000)
    texts = [[_text(v) for v in columns[name].to_pylist()] for name in ("start", "end") if name in columns]
    return [_first(values) for values in zip(*texts, strict=True)]


def _seconds(column: pa.Array) -> pa.Array | None:
    import pyarrow as pa

    try:
        return column.cast(pa.string()).cast(pa.int64())
    except pa.ArrowInvalid:
        return None


def _text(value: bytes | None) -> str | None:
    return None if value is None or value == b"-" else value.decode("utf-8", "replace")


def _first(values: Sequence[str | None]) -> Value:
    """One record's time, or what stands in its place: that is refused with its reason."""
    given = [v for v in values if v is not None]
    seconds = [int(v) for v in given if v.isascii() and v.isdigit() and len(v) < 13]
    plausible = [s * 1000 for s in seconds if s >= EARLIEST]
    return plausible[0] if plausible else (given[0] if given else None)


TEXT = Lines(
    header=header_like(r"[a-z][a-z0-9_-]*", (" ", ",")),
    opens=b"abcdefghijklmnopqrstuvwxyz",
    layouts=tuple(Header(fields, hyphened(fields)) for fields in (DEFAULT, TCP_FLAGS, ALL_TO_V5)),
    loose="pkt-src-aws-service",
)

SOURCE = Source(
    name="aws_vpc_flow",
    title="Amazon VPC Flow Logs",
    vendor="AWS",
    domain="aws",
    documentation="https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html",
    lateness="the aggregation interval (1 or 10 minutes), then a file every 5 minutes",
    cadence=timedelta(minutes=5),
    keys=KeyTemplate(
        segments=(r"(?:year=)?(?P<year>\d{4})", r"(?:month=)?(?P<month>\d\d)", r"(?:day=)?(?P<day>\d\d)"),
        overlap=timedelta(days=2),
    ),
    framing=CloudWatch(
        ByContent(
            text=TEXT,
            json=JsonRows(expand=envelope(), rename=lambda name: name.replace("_", "-"), message="message", lines=TEXT),
            parquet=ParquetRows(rename=lambda name: name.replace("_", "-")),
        )
    ),
    table=Table(
        identity=(
            *("account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol"),
            *("start", "end", "action", "flow-direction", "log-status"),
        ),
        needed=("interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "start", "end"),
        clock_columns=("start", "end"),
        clock=clock,
    ),
)
