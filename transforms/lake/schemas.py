"""The tables that landing writes, column by column."""

from __future__ import annotations

import pyarrow as pa

TIMESTAMP = pa.timestamp("us", "UTC")

BRONZE = pa.schema(
    [
        ("event_uid", pa.string()),
        ("event_time", TIMESTAMP),
        ("event_date", pa.date32()),
        ("landed_at", TIMESTAMP),
        ("batch_id", pa.string()),
        ("object_uri", pa.string()),
        ("object_version", pa.string()),
        ("record_no", pa.int64()),
        ("attributes", pa.string()),
        ("raw", pa.string()),
    ]
)
SHARED = ("batch_id", "object_uri", "object_version", "attributes")
"""Columns of bronze of which many rows have one value: rows in memory hold it once."""
BRONZE_ROWS = pa.schema(
    [pa.field(f.name, pa.dictionary(pa.int32(), pa.string()) if f.name in SHARED else f.type) for f in BRONZE]
)
"""Bronze as landing holds it."""

LEDGER = pa.schema(
    [
        ("source", pa.string()),
        ("kind", pa.string()),  # plan, landed, failed, resume
        ("lane", pa.int32()),
        ("sequence", pa.int64()),
        ("at", TIMESTAMP),
        ("uri", pa.string()),
        ("version", pa.string()),
        ("size", pa.int64()),
        ("object_time", TIMESTAMP),
        ("object_date", pa.date32()),
        ("from_byte", pa.int64()),
        ("to_byte", pa.int64()),
        ("from_record", pa.int64()),
        ("records", pa.int64()),
        ("quarantined", pa.int64()),
        ("final", pa.bool_()),
        ("attributes", pa.string()),
        ("detail", pa.string()),
        ("control", pa.int64()),  # messages of the transport itself, which hold no record
    ]
)
LEDGER_PARTITIONS = ("source", "kind", "lane")

QUARANTINE = pa.schema(
    [
        ("source", pa.string()),
        ("quarantined_date", pa.date32()),
        ("quarantine_uid", pa.string()),
        ("quarantined_at", TIMESTAMP),
        ("status", pa.string()),  # open, replayed
        ("reason", pa.string()),
        ("object_uri", pa.string()),
        ("object_version", pa.string()),
        ("record_no", pa.int64()),
        ("batch_id", pa.string()),
        ("attributes", pa.string()),
        ("length", pa.int64()),
        ("data", pa.binary()),
    ]
)
QUARANTINE_PARTITIONS = ("source", "quarantined_date")
