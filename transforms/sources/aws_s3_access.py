"""Amazon S3 server access logs: a line of text a request, without a header, in flat or in date-based keys.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from transforms.decoders.lines import Header, Lines, with_quotes
from transforms.sources.base import KeyTemplate, Source, Table, Value

if TYPE_CHECKING:
    import pyarrow as pa

FIELDS = (
    "bucket_owner bucket time remote_ip requester request_id operation key request_uri http_status error_code"
    " bytes_sent object_size total_time turn_around_time referer user_agent version_id host_id signature_version"
    " cipher_suite authentication_type host_header tls_version access_point_arn acl_required source_region"
)
"""AWS's table of fields, in its order. New ones are appended; what comes after these stays in the raw line."""
FIRST_VERSION = 18
"""Fields before the host id was added: a line with fewer is cut off."""
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
TIME = re.compile(r"(\d\d)/(\w{3})/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)", re.ASCII)


def clock(columns: Mapping[str, pa.Array]) -> Sequence[Value]:
    """When the request was received, to the second."""
    return [_time(value) for value in columns["time"].to_pylist()]


@lru_cache(maxsize=4096)
def _time(value: bytes | None) -> Value:
    """06/Feb/2026:00:00:38 +0000 as RFC 3339; what is no such time stays as it is, and is refused with its reason."""
    if value is None or value == b"-":
        return None
    text = value.decode("utf-8", "replace")
    match = TIME.fullmatch(text)
    if match is None or match[2] not in MONTHS.split():
        return text
    day, month, year, at, hours, minutes = match.groups()
    return f"{year}-{MONTHS.index(month) // 4 + 1:02d}-{day}T{at}{hours}:{minutes}"


SOURCE = Source(
    name="aws_s3_access",
    title="Amazon S3 server access logs",
    vendor="AWS",
    domain="aws",
    documentation="https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html",
    lateness="best effort: mostly within a few hours",
    cadence=timedelta(minutes=5),
    keys=KeyTemplate(
        segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)"),
        overlap=timedelta(days=2),
    ),
    framing=Lines(
        layouts=(Header(FIELDS, tuple(FIELDS.split()), least=FIRST_VERSION),),
        split=with_quotes,
        grows_right=True,
    ),
    table=Table(
        # one request may be many records: each object of a batch, either side of a copy
        identity=("bucket", "time", "request_id", "host_id", "operation", "key", "version_id"),
        needed=("bucket", "time", "request_id", "operation", "key"),
        clock_columns=("time",),
        clock=clock,
    ),
)
