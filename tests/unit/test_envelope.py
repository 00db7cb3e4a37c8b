"""Bronze rows of records: identity, time and text, the same whatever stands beside a record."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.decoders.framing import Bounds
from transforms.lake.envelope import AHEAD, EARLIEST, EnvelopeBuilder, Place, identity_bytes, parse_time, text_array
from transforms.lake.records import Chunk
from transforms.sources import get

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLACE = Place(uri="file:///a", version="1", batch_id="0-1", attributes=None)
TRAIL = get("aws_cloudtrail")


def build(records: list[bytes], source: str = "aws_cloudtrail", place: Place = PLACE):
    chunk = Chunk(numbers=list(range(len(records))), records=records, next_no=len(records))
    found = EnvelopeBuilder(get(source), NOW).rows(chunk, place)
    return found.table.to_pylist(), found.bad


def event(time: object = "2026-11-01T00:00:00Z", **fields: object) -> bytes:
    return json.dumps({"eventID": "a", "eventTime": time, **fields}).encode()


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
columns = st.lists(st.none() | texts, min_size=1, max_size=4)


@given(columns, columns)
def test_identity_is_injective(one, other):
    assert (identity_bytes(one) == identity_bytes(other)) == (one == other)


def test_identity_does_not_run_columns_together():
    assert identity_bytes(["a", "bc"]) != identity_bytes(["ab", "c"])
    assert identity_bytes(["a", None]) != identity_bytes(["a", "None"])
    assert identity_bytes(["1:a,"]) != identity_bytes(["", "a"])
    assert identity_bytes(["é"]) == b"2:\xc3\xa9,"


def test_the_id_is_a_hash_over_source_and_identity():
    (row,), _ = build([event(recipientAccountId="111122223333")])
    assert row["event_uid"] == sha256(b"aws_cloudtrail\n12:111122223333,1:a,").hexdigest()
    (row,), _ = build([b'{"eventTime":"2026-11-01T00:00:00Z"}'])
    assert row["event_uid"] == sha256(b'aws_cloudtrail\nraw\n{"eventTime":"2026-11-01T00:00:00Z"}').hexdigest()


ids = st.sampled_from(["a", "b", "", "é", 1, 1.5, None, "1", "x" * 50])
accounts = st.sampled_from(["111122223333", None, 5, "ü"])
clocks = st.sampled_from(
    ["2026-11-01T00:00:00Z", "2026-11-01T00:00:00.123456789Z", "2026-11-01T01:00:00+01:00", "2026-11-01T00Z",
     "2026-11-01 00:00:00Z", "nonsense", "", None, 1793491200123, 5, True, "2999-01-01T00:00:00Z",
     "1989-01-01T00:00:00Z"]
)  # fmt: skip
odd = st.sampled_from([b"null", b"{", b'{"eventID":[]}', b'{"digestS3Object":"d"}', b"\xff", b'{"eventID":"\xff"}'])
wrapped = st.builds(lambda inner: json.dumps({"CloudTrailEvent": inner.decode()}).encode(), st.builds(event, clocks))
anything = st.builds(lambda i, a, t: event(t, eventID=i, recipientAccountId=a), ids, accounts, clocks) | odd | wrapped


@given(st.lists(anything, max_size=7))
def test_a_record_becomes_the_same_alone_and_in_company(records):
    rows, bad = build(records)
    alone_rows, alone_bad = [], []
    for number, record in enumerate(records):
        some, refused = build([record])
        alone_rows += [{**row, "record_no": number} for row in some]
        alone_bad += [(number, b.data, b.reason) for b in refused]
    assert rows == alone_rows
    assert [(b.record_no, b.data, b.reason) for b in bad] == alone_bad
    assert len(rows) + len(bad) == len(records)
    assert all(b.data == records[b.record_no] for b in bad), "the delivered bytes, not what was unwrapped"


@given(
    st.integers(0, (NOW - EARLIEST) // timedelta(microseconds=1)).map(lambda n: EARLIEST + timedelta(microseconds=n)),
    st.integers(-14 * 60, 14 * 60),
)
def test_times_with_any_zone(when, minutes):
    zoned = when.astimezone(timezone(timedelta(minutes=minutes)))
    (row,), bad = build([event(zoned.isoformat())])
    assert (row["event_time"], row["event_date"]) == (when, when.date())
    (row,), bad = build([event(when.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))])
    assert (row["event_time"], row["event_date"], bad) == (when, when.date(), [])


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [("", 0), (".1", 100_000), (".123456", 123_456), (".123456789", 123_456), (".999999999", 999_999), (",5", 500_000)],
)
def test_fractions_are_cut_at_microseconds(text, microseconds):
    assert parse_time(f"2026-11-01T00:00:00{text}Z").microsecond == microseconds
    (row,), _ = build([event(f"2026-11-01T00:00:00{text}Z")])
    assert row["event_time"].microsecond == microseconds


@pytest.mark.parametrize(
    "value",
    [None, "", "now", "2026-11-01", "2026-11-01T00:00:00", "2026-11-01T00Z", "2026-11-01T00:00Z",
     "2026-02-30T00:00:00Z",
     "2026-11-01T24:00:01Z", "2026-11-01T23:59:60Z", "2026-11-01T00:00:00+25:00", "0001-01-01T00:00:00+14:00",
     "２026-11-01T00:00:00Z", "2026-11-01T00:00:00.1234567890Z", 1e300, -1e300, 10**18, []],
)  # fmt: skip
def test_what_is_no_time(value):
    with pytest.raises(ValueError, match=r"no time|time not readable"):
        parse_time(value)


@pytest.mark.parametrize("odd", [b"", b"1700000000 1 2\n"])
def test_rows_without_any_column_of_their_identity_are_known_by_their_place(odd):
    """Though none of the columns is needed: no two rows become one event."""
    flow = get("aws_vpc_flow")
    source = replace(flow, table=replace(flow.table, identity=("absent", "neither"), needed=()))
    text = b"start end\n1700000000 1700000001\n" + odd + b"1700000000 1700000001\n"
    (chunk,) = (c for c in source.read(io.BytesIO(text), Bounds()) if c.records)
    rows = EnvelopeBuilder(source, NOW).rows(chunk, PLACE).table
    uids = rows.column("event_uid").to_pylist()
    assert len(set(uids)) == 2 == rows.num_rows


@pytest.mark.parametrize("milliseconds", [1 << 46, 1 << 47, 1 << 50, (1 << 63) - 1, -(1 << 63)])
def test_a_count_that_is_no_time_is_named_wherever_it_stands(milliseconds):
    """Of a JSON record, and of a column of text."""
    builder = EnvelopeBuilder(get("aws_vpc_flow"), NOW)
    one = [1_700_000_000_000, milliseconds]
    for clocks in (one, pa.array(one, pa.int64())):
        times, reasons = builder._times(clocks)
        assert times[0].as_py() == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
        assert list(reasons) == [1]


def test_bounds():
    latest = NOW + AHEAD
    good = [EARLIEST, latest]
    refused = [EARLIEST - timedelta(microseconds=1), latest + timedelta(microseconds=1)]
    rows, bad = build([event(t.strftime("%Y-%m-%dT%H:%M:%S.%fZ")) for t in [*good, *refused]])
    assert [r["event_time"] for r in rows] == good
    assert [b.reason for b in bad] == [f"time out of bounds: {t.isoformat()}" for t in refused]
    rows, bad = build([event("1600-01-01T00:00:00Z"), event("9999-12-31T23:59:59Z")])
    assert rows == [] and len(bad) == 2


def test_a_wrapped_record_keeps_its_own_text_and_says_whence():
    inner = event()
    outer = json.dumps({"EventId": "a", "CloudTrailEvent": inner.decode()}).encode()
    place = Place(uri="u", version="v", batch_id="0-1", attributes='{"x":1}')
    rows, bad = build([event(eventID="b"), outer, event(eventID="c")], place=place)
    assert [r["raw"].encode() for r in rows] == [event(eventID="b"), inner, event(eventID="c")]
    assert [json.loads(r["attributes"]) for r in rows] == [{"x": 1}, {"api": "LookupEvents", "x": 1}, {"x": 1}]
    assert bad == []


@given(st.lists(st.binary(max_size=8), max_size=6))
def test_texts_are_exact_or_named(raws):
    array, broken = text_array(raws)
    for index, raw in enumerate(raws):
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            assert broken[index] == f"not UTF-8: byte {error.start}"
        else:
            assert index not in broken and array[index].as_py() == text


def test_a_digest_is_sent_elsewhere():
    _, bad = build([b'{"digestS3Object":"d","eventTime":"2026-11-01T00:00:00Z"}'])
    assert ["digest" in b.reason for b in bad] == [True]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"correlationId": "c", "resultType": "Start"}, {"correlationId": "c", "resultType": "Success"}),
        ({"correlationId": "c", "operationName": "a"}, {"correlationId": "c", "operationName": {"value": "b"}}),
        ({"eventDataId": "1"}, {"eventDataId": "2"}),
        ({"text": "a"}, {"text": "b"}),
    ],
)
def test_azure_tells_its_events_apart(one, other):
    time = {"time": "2026-11-01T00:00:00Z"}
    rows, _ = build([json.dumps({**time, **fields}).encode() for fields in (one, other)], "azure_activity")
    assert len({r["event_uid"] for r in rows}) == 2
