"""CloudWatch Logs' envelopes in every wire form: the records come out as if they had been delivered alone."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.landed import Landed
from transforms.decoders.cloudwatch import CloudWatch
from transforms.decoders.framing import Bounds, Framing
from transforms.decoders.json_records import JsonRecords, envelope
from transforms.decoders.lines import Header, Lines
from transforms.errors import DataError
from transforms.lake.envelope import EnvelopeBuilder, Place, each
from transforms.lake.quarantine import quarantine_rows
from transforms.lake.records import Bad, Chunk
from transforms.land import land
from transforms.settings import Settings
from transforms.sources import registry

JSON = JsonRecords(envelope("Records"))
PLACE = {"owner": "111122223333", "log_group": "trail", "log_stream": "one"}


def message(*messages: str, kind: str = "DATA_MESSAGE", stream: str = "one") -> bytes:
    """An envelope, as a subscription delivers it."""
    events = [{"id": str(i), "timestamp": 1772443260000, "message": text} for i, text in enumerate(messages)]
    named = {"owner": "111122223333", "logGroup": "trail", "logStream": stream, "subscriptionFilters": ["to-lake"]}
    return json.dumps({"messageType": kind, **named, "logEvents": events}).encode()


CONTROL = message("CWL CONTROL MESSAGE: Checking health of destination Firehose.", kind="CONTROL_MESSAGE")
FIRST, SECOND = message('{"a":1}', '{"a":"\u00e9\\\\n"}'), message('{"a":3}', stream="two")
RECORDS = [b'{"a":1}', '{"a":"\u00e9\\\\n"}'.encode(), b'{"a":3}']


def coded(*payloads: bytes) -> list[str]:
    return [base64.b64encode(gzip.compress(payload)).decode() for payload in payloads]


FORMS = {
    "nothing between": CONTROL + FIRST + SECOND,
    "lines": b"\n".join((CONTROL, FIRST, SECOND)) + b"\n",
    "an array": b"[" + b",".join((CONTROL, FIRST, SECOND)) + b"]",
    "pretty-printed": b"\n".join(json.dumps(json.loads(one), indent=2).encode() for one in (CONTROL, FIRST, SECOND)),
    "members of a gzip object, unpacked once": b"".join(map(gzip.compress, (CONTROL, FIRST, SECOND))),
    "Base64 lines": "\n".join(coded(CONTROL, FIRST, SECOND)).encode(),
    "Firehose over HTTP": json.dumps(
        {"requestId": "r", "timestamp": 1, "records": [{"data": data} for data in coded(CONTROL, FIRST + SECOND)]}
    ).encode(),
    "events of a function": b"\n".join(
        json.dumps({"awslogs": {"data": data}}).encode() for data in coded(CONTROL, FIRST, SECOND)
    ),
}


def read(data: bytes, framing: Framing = JSON, **bounds: Any) -> list[Chunk]:
    return list(CloudWatch(framing)(io.BytesIO(data), Bounds(**bounds)))


def records(chunks: list[Chunk]) -> list[tuple[int, bytes]]:
    return [(no, bytes(raw)) for chunk in chunks for no, raw in zip(chunk.numbers, chunk.records, strict=True)]


def bad(chunks: list[Chunk]) -> list[Bad]:
    return [one for chunk in chunks for one in chunk.bad]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("chunk_bytes", [64, 1 << 20])
def test_every_form_gives_the_same_records(form: str, chunk_bytes: int) -> None:
    chunks = read(FORMS[form], chunk_bytes=chunk_bytes, first_no=5)
    assert records(chunks) == list(enumerate(RECORDS, 5))
    assert bad(chunks) == []
    assert sum(chunk.control for chunk in chunks) == 1
    places = [said for chunk in chunks for said in each(chunk) or [chunk.attributes] * len(chunk.records)]
    assert places == [{"cloudwatch": PLACE}] * 2 + [{"cloudwatch": PLACE | {"log_stream": "two"}}]
    assert chunks[-1].next_no == 8


def test_consumed_is_the_objects_own_length() -> None:
    assert read(FORMS["nothing between"])[-1].consumed == len(FORMS["nothing between"])
    assert read(FORMS["lines"], final=False)[-1].consumed == len(FORMS["lines"])


def test_an_envelope_that_is_still_written_is_left() -> None:
    chunks = read(FIRST + SECOND[:-9], final=False)
    assert records(chunks) == list(enumerate(RECORDS[:2]))
    assert chunks[-1].consumed == len(FIRST)


def test_what_is_in_no_envelope_is_read_as_ever() -> None:
    for data in (b'{"Records":[{"a":1},{"a":2}]}', b'{"a":1}{"a":2}', b'\xef\xbb\xbf{"a":1}\n{"a":2}'):
        assert records(read(data)) == [(0, b'{"a":1}'), (1, b'{"a":2}')]
        assert all(chunk.attributes is None for chunk in read(data))
    assert records(read(b"")) == []


def test_lines_are_read_by_their_layout() -> None:
    lines = Lines(layouts=(Header("a b", ("a", "b")),))
    chunks = read(message("1 2", "3 4\n") + message("5"), lines)
    assert records(chunks) == [(0, b"1 2"), (1, b"3 4")]
    assert [*(each(chunks[0]) or ())] == [{"fields": "a b", "cloudwatch": PLACE}] * 2
    assert [(one.record_no, one.data, one.reason, one.attributes) for one in bad(chunks)] == [
        (2, b"5", "no header, and of no known layout", {"cloudwatch": PLACE})
    ]


def test_what_is_broken_is_put_aside_with_its_bytes_and_the_rest_is_read() -> None:
    odd = b'{"messageType":"DATA_MESSAGE","logEvents":"none"}'
    empty = b'{"messageType":"DATA_MESSAGE"}'
    torn = json.dumps({"awslogs": {"data": coded(FIRST)[0][:40]}}).encode()
    uncoded = b'{"awslogs":{"data":"%%%"}}'
    chunks = read(b"\n".join((message('{"a":1}', '{"a":'), odd, empty, torn, uncoded, SECOND)))
    assert [bytes(raw) for _, raw in records(chunks)] == [b'{"a":1}', b'{"a":3}']
    found = {one.record_no: (one.data, one.reason[:44]) for one in bad(chunks)}
    assert sorted([*found, *(no for no, _ in records(chunks))]) == list(range(7))
    assert found[1] == (b'{"a":', "not JSON: Input data was truncated")
    assert found[2] == (odd, "not an envelope of CloudWatch Logs: Expected")
    assert found[3] == (empty, "an envelope of CloudWatch Logs without log e")
    assert found[4][1].startswith("gzip data damaged or truncated")
    assert found[5][0] == uncoded and found[5][1].startswith("not an envelope of CloudWatch Logs: ")


def test_packing_without_end_is_refused() -> None:
    data = FIRST
    for _ in range(5):
        data = gzip.compress(data)
    with pytest.raises(DataError, match="packed more than 3 times"):
        read(data)


def test_a_bomb_within_is_refused() -> None:
    chunks = read(json.dumps({"awslogs": {"data": coded(bytes(80 << 20))[0]}}).encode(), max_document=1 << 20)
    (one,) = bad(chunks)
    assert re.match("gzip bomb|document over", one.reason)


def test_control_messages_are_counted_and_the_account_stays_with_the_records(tmp_path: Path) -> None:
    """Through landing: one object with a control message and events of two log streams."""
    event = {"eventTime": "2026-03-02T09:00:00Z", "recipientAccountId": "111122223333"}
    texts = [json.dumps(event | {"eventID": number}) for number in "12"]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "firehose").write_bytes(gzip.compress(CONTROL) + gzip.compress(message(*texts)))
    lake = Landed(Settings(lake=str(tmp_path / "lake"), environment={}, workers=1))
    done = land(lake.settings, "aws_cloudtrail", str(tmp_path / "in"))
    assert (done.records, done.quarantined, done.control) == (2, 0, 1)
    assert [raw for _, _, raw in lake.bronze("aws_cloudtrail")] == texts
    said = [json.loads(row["attributes"]) for row in lake.rows("bronze/aws_cloudtrail")]
    assert said == [{"cloudwatch": PLACE}] * 2
    assert [row["control"] for row in lake.rows("ops/ledger") if row["kind"] == "landed"] == [1]


@pytest.mark.parametrize("chunk_bytes", [64, 1 << 20])
def test_of_a_broken_envelope_nothing_is_said_by_its_neighbours(chunk_bytes: int) -> None:
    """What a log stream says of its records is said of them alone."""
    broken = json.dumps({"messageType": "DATA_MESSAGE", "owner": "2"}).encode()
    builder = EnvelopeBuilder(registry()["aws_cloudtrail"], datetime(2026, 11, 27, tzinfo=UTC))
    place = Place(uri="s3://b/x", version="1", batch_id="0-0", attributes=None)
    said = []
    for chunk in read(FIRST + broken + b"\n" + FIRST, chunk_bytes=chunk_bytes):
        here = place.of(chunk)
        rows = quarantine_rows("x", here, builder.rows(chunk, here).bad, builder.landed_at)
        said += [row["attributes"] for row in rows.to_pylist() if row["data"] == broken]
    assert said == [None]


def test_an_envelope_of_no_messages_is_no_line() -> None:
    """What follows it in its log stream still begins there: a mark of UTF-8 is none of a record."""
    assert records(read(message() + message('\ufeff{"a":1}'))) == [(0, b'{"a":1}')]


def test_what_was_read_before_an_error_is_there() -> None:
    """An object that turns out to be too large, or cut off, keeps the records before that."""
    found: list[Chunk] = []
    with pytest.raises(DataError):
        found.extend(
            CloudWatch(JSON)(io.BytesIO(FIRST + b"\n" + b"{" * 2000), Bounds(chunk_bytes=500, max_document=600))
        )
    assert records(found) == list(enumerate(RECORDS[:2]))
