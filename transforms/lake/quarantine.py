"""ops/quarantine: what could not become a bronze row, with its bytes and the reason. Nothing is dropped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

import pyarrow as pa

from transforms.lake.envelope import Place, merged
from transforms.lake.records import Bad
from transforms.lake.schemas import QUARANTINE, QUARANTINE_PARTITIONS
from transforms.lake.table import Lake, Table

INLINE = 256 << 20
"""Bytes of one record or object that are kept in the row; of a larger one the row keeps its place and length."""


def quarantine_table(lake: Lake) -> Table:
    table = lake.table("ops/quarantine")
    table.create(QUARANTINE, QUARANTINE_PARTITIONS, "Records and objects that could not land, with bytes and reason")
    return table


def quarantine_txn(source: str, lane: int) -> str:
    return f"quarantine/{source}/{lane}"


def quarantine_rows(source: str, place: Place, bad: Sequence[Bad], at: datetime) -> pa.Table:
    """Rows for the bad pieces of one object. The uid is a hash over the place, so that a repeat gives the same row."""
    rows = []
    for piece in bad:
        identity = f"{source}\n{place.uri}\n{place.version}\n{piece.record_no}"
        data = piece.data if piece.data is not None and len(piece.data) <= INLINE else None
        rows.append(
            {
                "source": source,
                "quarantined_date": at.date(),
                "quarantine_uid": sha256(identity.encode("utf-8", "surrogateescape")).hexdigest(),
                "quarantined_at": at,
                "status": "open",
                "reason": piece.reason,
                "object_uri": place.uri,
                "object_version": place.version,
                "record_no": piece.record_no,
                "batch_id": place.batch_id,
                "attributes": place.attributes
                if piece.attributes is None
                else merged(place.attributes, piece.attributes),
                "length": piece.length or (len(piece.data) if piece.data is not None else 0),
                "data": data,
            }
        )
    return pa.Table.from_pylist(rows, schema=QUARANTINE)
