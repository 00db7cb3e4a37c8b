"""Feeds of indicators: catalogues and bundles in JSON, lists as CSV, and which time an entry has."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from transforms.decoders.framing import FIELDS, Bounds
from transforms.decoders.indicators import ROW
from transforms.sources.threat_intel import SOURCE, time_of

WHEN = datetime(2026, 3, 2, 6, tzinfo=UTC)
HEADER = 'ip,"first_seen",comment'


def read(data: str, **bounds: Any) -> tuple[list[tuple[bytes, Any, Any]], list[Any]]:
    """(record, its time, its day) of each, and what is bad."""
    found: list[tuple[bytes, Any, Any]] = []
    bad = []
    for chunk in SOURCE.read(io.BytesIO(data.encode()), Bounds(uri="s3://b/feed/x", modified=WHEN, **bounds)):
        bad += chunk.bad
        if chunk.records and chunk.columns is not None:
            columns = chunk.columns(["clock", "day"])[0]
            found += zip(
                map(bytes, chunk.records), columns["clock"].to_pylist(), columns["day"].to_pylist(), strict=True
            )
    return found, bad


def test_a_release_dates_its_entries() -> None:
    entry = {"cveID": "CVE-2026-10001", "dateAdded": "2026-01-01"}
    found, bad = read(json.dumps({"dateReleased": "2026-03-01T15:00:00Z", "vulnerabilities": [entry]}))
    assert [one[1:] for one in found] == [(b"2026-03-01T15:00:00Z", None)] and not bad


def test_without_a_time_an_entry_is_one_of_its_objects_day() -> None:
    found, _ = read('{"ioc": "198.51.100.1"}\n{"ioc": "198.51.100.2", "modified": "2026-02-01T00:00:00Z"}')
    assert [one[2] for one in found] == [b"2026-03-02", None]
    assert found[0][1].startswith(b"2026-03-02T06:00:00")


def test_rows_keep_their_bytes_below_their_header() -> None:
    rows = ['198.51.100.1,2026-02-01,"said ""so"", over\ntwo lines"', "198.51.100.2,,"]
    found, bad = read("\r\n".join(["# a comment", HEADER, *rows, "# the end", "a,b"]))
    assert [one[0].decode() for one in found] == rows
    assert [one[1:] for one in found] == [(b"2026-02-01", None), (b"2026-03-02T06:00:00.000000+00:00", b"2026-03-02")]
    assert [one.reason for one in bad] == ["2 fields where the header names 3"]
    (again,), none = read(rows[0], attributes=json.dumps(dict(bad[0].attributes)))
    assert again == found[0] and not none


def test_a_row_is_an_object_beside_its_bytes() -> None:
    (chunk,) = SOURCE.read(io.BytesIO(b"# IP , Note\n192.0.2.1,x\n"), Bounds(modified=WHEN))
    assert chunk.attributes and isinstance(chunk.attributes, list)
    (said,) = chunk.attributes
    assert json.loads((said or {})[ROW]) == {"ip": "192.0.2.1", "note": "x"}
    alone = f"{(said or {})[FIELDS]}\n192.0.2.1,x\n"
    assert [one[0] for one in read(alone)[0]] == [b"192.0.2.1,x"]


@pytest.mark.parametrize("text", ["one\ntwo\n", "a,b\nc,d\n", '"open,x\n'])
def test_what_names_no_indicator_is_put_aside(text: str) -> None:
    found, bad = read(text)
    assert not found and b"\n".join(one.data for one in bad).decode() == text.strip()


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-03-02", "2026-03-02T00:00:00Z"),
        ("2026-03-02 10:00:00", "2026-03-02T10:00:00Z"),
        ("2026-03-02 10:00 UTC", "2026-03-02T10:00:00Z"),
        ("2026-03-02T10:00:00+01:00", "2026-03-02T10:00:00+01:00"),
        ("1772445600", 1772445600000),
        ("1772445600000", 1772445600000),
        ("lately", "lately"),
    ],
)
def test_times_as_feeds_write_them(text: str, time: str | int) -> None:
    assert time_of(text) == time
