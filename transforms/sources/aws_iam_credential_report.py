"""AWS IAM credential reports: the users of an account and the state of their passwords, keys and second factors.

As GetCredentialReport returns them (JSON with the CSV in base64, and the time at which it was made), or the CSV alone.
That does not say when it was made: then a row's time is the newest one that it tells, and a row that is the same in the
next report is the same event. AWS makes a report at most every four hours.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetCredentialReport.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from transforms.decoders.framing import ByContent
from transforms.decoders.json_records import envelope
from transforms.decoders.json_text import TextInJson, ToldLines
from transforms.decoders.lines import Lines, header_like
from transforms.sources.base import KeyTemplate, Source, Table, Value

if TYPE_CHECKING:
    import pyarrow as pa

GENERATED = "generated-time"
"""The column and attribute for when the report was made."""
PAST = (
    *("user-creation-time", "password-last-used", "password-last-changed"),
    *("access-key-1-last-rotated", "access-key-1-last-used-date", "access-key-2-last-rotated"),
    *("access-key-2-last-used-date", "cert-1-last-rotated", "cert-2-last-rotated"),
)
"""Columns that say when something happened; the password's next rotation has not yet."""
STATES = (
    *("user", "arn", "password-enabled", "password-next-rotation", "mfa-active", "access-key-1-active"),
    *("access-key-1-last-used-region", "access-key-1-last-used-service", "access-key-2-active"),
    *("access-key-2-last-used-region", "access-key-2-last-used-service", "cert-1-active", "cert-2-active"),
    "additional-credentials-info",
)


def clock(columns: Mapping[str, pa.Array]) -> Sequence[Value] | pa.Array:
    """When the report was made; else the newest time of the row, in epoch milliseconds."""
    import pyarrow as pa
    import pyarrow.compute as pc

    names = (GENERATED,) if GENERATED in columns else [name for name in PAST if name in columns]
    # `N/A`, `no_information` and `not_supported` are no times, and greater than all that begins with a digit
    times = [pc.if_else(pc.less(columns[name], b":"), columns[name], pa.scalar(None, pa.binary())) for name in names]
    newest = pc.max_element_wise(*times)
    try:
        texts = pc.replace_substring(newest.cast(pa.string()), "+00:00", "Z")
        return texts.cast(pa.timestamp("ms", "UTC")).cast(pa.int64())
    except pa.ArrowInvalid:
        return [None if time is None else time.decode("utf-8", "replace") for time in newest.to_pylist()]


CSV = Lines(header=header_like(r"[a-z][a-z0-9_]*", (",",)), opens=b"u")

SOURCE = Source(
    name="aws_iam_credential_report",
    title="AWS IAM credential reports",
    vendor="AWS",
    domain="aws",
    documentation="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html",
    lateness="a report, which AWS makes anew every 4 hours at most, whenever it is written to the bucket",
    keys=KeyTemplate(
        segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)"),
        overlap=timedelta(days=2),
    ),
    framing=ByContent(
        text=ToldLines(lines=CSV, told=(GENERATED,)),
        json=TextInJson(text="Content", told={"GeneratedTime": GENERATED}, lines=CSV, expand=envelope()),
    ),
    table=Table(identity=(*STATES, *PAST, GENERATED), needed=("arn",), clock_columns=(*PAST, GENERATED), clock=clock),
    cadence=timedelta(hours=1),
)
