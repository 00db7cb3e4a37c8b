"""dlt to Delta on a local disk doing what landing does: id, time, day, place and text of every record. FOLDER OUT

Runs in an environment of its own (requirements-dlt.txt). Prints the seconds without the interpreter's start.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
from dlt.common import json


@dlt.resource(
    name="aws_cloudtrail",
    table_format="delta",
    write_disposition="append",
    columns={"event_date": {"data_type": "date", "partition": True}, "event_time": {"data_type": "timestamp"}},
)
def records(folder: str) -> Iterator[list[dict[str, Any]]]:
    for path in sorted(Path(folder).rglob("*.json.gz")):
        with gzip.open(path, "rb") as stream:
            found = json.loadb(stream.read())["Records"]
        yield [
            {
                "event_uid": hashlib.sha256(
                    f"aws_cloudtrail\n{record['recipientAccountId']}\n{record['eventID']}".encode()
                ).hexdigest(),
                "event_time": record["eventTime"],
                "event_date": record["eventTime"][:10],
                "object_uri": str(path),
                "raw": json.dumps(record),
            }
            for record in found
        ]


def main(folder: str, out: str) -> None:
    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
    pipeline = dlt.pipeline(
        "beside", pipelines_dir=f"{out}/state", destination=dlt.destinations.filesystem(Path(out).absolute().as_uri())
    )
    started = time.perf_counter()
    pipeline.run(records(folder), loader_file_format="parquet")
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main(*sys.argv[1:])
