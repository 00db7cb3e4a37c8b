"""Security Lake's files, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import io
import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pyarrow.parquet as pq

Event = dict[str, Any]
KEY = re.compile(
    r"s3/aws-security-data-lake-us-east-1-example/aws/(VPC_FLOW|ROUTE53)/2\.0/region=[a-z0-9-]+/accountId=\d{12}/"
    r"eventDay=\d{8}/[0-9a-f]{32}\.zstd\.parquet"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")


def events(data: bytes) -> list[Event]:
    """The rows of one file."""
    return pq.read_table(io.BytesIO(data)).to_pylist(maps_as_pydicts="strict")


def when(event: Event) -> str:
    assert isinstance(event["time"], int)  # epoch milliseconds
    return datetime.fromtimestamp(event["time"] / 1000, UTC).isoformat(timespec="milliseconds")


def uid(event: Event) -> str:
    return str(event["time"])


def all_is_quiet_inside(ordinary: list[Event], end: datetime) -> None:
    """Flows between the account's own instances, all let through, and queries that are answered."""
    assert Counter(event["class_uid"] for event in ordinary).keys() == {4001, 4003}
    for event in ordinary:
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
        assert event["metadata"]["version"] == "1.1.0" and event["action_id"] == event["status_id"] == 1
        assert event["src_endpoint"]["ip"].startswith("10.")
        assert event["class_uid"] == 4003 or event["dst_endpoint"]["ip"].startswith("10.")
        assert event["class_uid"] == 4001 or (event["rcode"] == "NoError" and event["answers"])


ORDINARY = (all_is_quiet_inside,)
