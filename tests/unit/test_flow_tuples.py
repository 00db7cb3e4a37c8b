"""Azure's flow blobs: a record a tuple, whatever part of the blob has been written when it is read."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from transforms.decoders.flow_tuples import FlowTuples
from transforms.decoders.framing import Bounds
from transforms.errors import DataError
from transforms.lake.envelope import each
from transforms.lake.records import Chunk

FRAMING = FlowTuples(holder="properties", groups="flows", least=8)
Read = tuple[list[tuple[int, bytes]], list[tuple[int, str]], list[Chunk]]


def flow(n: int, last: str = "A") -> str:
    return f"{1772449200 + n},203.0.113.9,10.1.0.4,{50000 + n},443,T,I,{last}"


def record(minute: int, groups: dict[str, list[Any]]) -> dict[str, Any]:
    flows = [{"rule": rule, "flows": [{"mac": "000D3A000001", "flowTuples": found}]} for rule, found in groups.items()]
    return {"time": f"2026-03-02T11:{minute:02d}:00Z", "resourceId": "/r", "properties": {"Version": 2, "flows": flows}}


RECORDS = [
    json.dumps(found).encode()
    for found in (
        record(1, {"allow": [flow(1), flow(2)], "deny": [flow(3, "D")]}),
        record(2, {"allow": [flow(4)]}),
        record(3, {}),
        record(4, {"deny": [flow(5, "D"), flow(6, "D")], "none": []}),
    )
]


def blob(count: int) -> bytes:
    return b'{"records":[' + b",".join(RECORDS[:count]) + b"]}"


def read(data: bytes, **bounds: Any) -> Read:
    chunks = list(FRAMING(io.BytesIO(data), Bounds(**bounds)))
    records = [(n, bytes(r)) for c in chunks for n, r in zip(c.numbers, c.records, strict=True)]
    return records, [(bad.record_no, bad.reason) for c in chunks for bad in c.bad], chunks


WHOLE = read(blob(4))[0]


def test_a_record_a_tuple_in_the_order_of_the_blob() -> None:
    """Tuples keep their own text, numbered on; a record without any is one itself."""
    assert [
        *((n, flow(n + 1, "D" if n == 2 else "A").encode()) for n in range(4)),
        (4, RECORDS[2]),
        (5, flow(5, "D").encode()),
        (6, flow(6, "D").encode()),
    ] == WHOLE


def test_each_tuple_has_what_stands_around_it() -> None:
    """Its record with its group alone, as a header below which it can be read again; and the columns for identity."""
    for chunk in read(blob(4))[2]:
        for number, raw, beside in zip(chunk.numbers, chunk.records, each(chunk) or [], strict=True):
            if beside is None:
                assert (number, bytes(raw)) == (4, RECORDS[2])
                continue
            header = beside["fields"]
            (around,) = json.loads(header)["properties"]["flows"]
            assert around["flows"] == [{"mac": "000D3A000001"}]
            assert chunk.columns is not None
            columns, _ = chunk.columns(["rule", "mac", "resourceId", "clock", "tuple", "absent"])
            values = {name: column.to_pylist()[chunk.numbers.index(number)] for name, column in columns.items()}
            assert values == {
                "rule": around["rule"].encode(),
                "mac": b"000D3A000001",
                "resourceId": b"/r",
                "clock": bytes(raw).split(b",")[0],
                "tuple": bytes(raw),
                "absent": None,
            }
            assert read(f"{header}\n{bytes(raw).decode()}\n".encode())[0] == [(0, bytes(raw))]
            assert read(bytes(raw), attributes=json.dumps(beside))[0] == [(0, bytes(raw))]


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_blob_that_grows_is_read_once(step: int) -> None:
    """Between reads the closing block moves; in the end nothing is left, and nothing is bad."""
    found: list[tuple[int, bytes]] = []
    offset = number = 0
    for count in [*range(0, 4, step), 4]:
        records, bad, chunks = read(blob(count)[offset:], final=False, first_no=number)
        assert bad == []
        found += records
        offset, number = offset + chunks[-1].consumed, chunks[-1].next_no
    assert found == WHOLE
    assert blob(4)[offset:] == b"]}"
    assert read(blob(4)[offset:], first_no=number)[:2] == ([], [])


def test_a_read_that_ends_anywhere_loses_nothing() -> None:
    """A range was planned before the blob grew: it may end within a record, a string or the closing block."""
    data = blob(4)
    for cut in range(len(data)):
        first, bad, chunks = read(data[:cut], final=False)
        then, worse, _ = read(data[chunks[-1].consumed :], first_no=chunks[-1].next_no)
        assert (bad, worse) == ([], [])
        assert first + then == WHOLE


@pytest.mark.parametrize("between", [b",", b"\n,", b",\r\n"])
def test_a_read_that_begins_at_a_record_loses_nothing(between: bytes) -> None:
    """The first read ended within the first record."""
    assert read(between.join(RECORDS) + b"]}", final=False)[:2] == (WHOLE, [])


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + blob(4),
        json.dumps(json.loads(blob(4)), indent=1).encode(),
        b"\n".join(b'{"records":[' + one + b"]}" for one in RECORDS),
        b"\r\n".join(RECORDS),
        b"[" + b",".join(RECORDS) + b"]",
    ],
    ids=["mark", "pretty", "event hub", "lines", "array"],
)
def test_other_framings_hold_the_same_tuples(data: bytes) -> None:
    found, bad, _ = read(data)
    assert bad == []
    assert [raw for n, raw in found if n != 4] == [raw for n, raw in WHOLE if n != 4]
    assert json.loads(found[4][1]) == json.loads(RECORDS[2])


def test_what_is_no_tuple_keeps_its_place_and_bytes() -> None:
    groups: dict[str, list[Any]] = {"allow": [flow(1), "1772449200,203.0.113.9", 7, {"a": 1}, flow(2)]}
    found, bad, chunks = read(json.dumps({"records": [record(1, groups)]}).encode())
    assert found == [(0, flow(1).encode()), (4, flow(2).encode())]
    assert bad == [
        (1, "2 fields where a tuple has 8 or more"),
        (2, "wrong type: a tuple that is no text"),
        (3, "wrong type: a tuple that is no text"),
    ]
    assert [piece.data for c in chunks for piece in c.bad] == [b"1772449200,203.0.113.9", b"7", b'{"a":1}']


def test_a_damaged_blob_gives_what_is_whole() -> None:
    found, bad, chunks = read(blob(2)[:-2] + b',{"time":"cut')
    assert found == WHOLE[:4]
    assert [number for number, _ in bad] == [4]
    assert chunks[-1].next_no == 5


def test_bounds_are_kept() -> None:
    """A blob, a tuple, and what stands around a tuple are each limited; deep nesting is refused."""
    with pytest.raises(DataError, match="document over 100 bytes"):
        read(blob(4), max_document=100)
    assert [reason for _, reason in read(blob(1), max_record=20)[1]] == 3 * [
        "record of 47 bytes is over the limit of 20"
    ]
    none = b'{"records":[' + RECORDS[2] + b"]}"
    assert read(none, max_record=20)[1] == [(0, f"record of {len(RECORDS[2])} bytes is over the limit of 20")]
    wide = {**record(1, {"allow": [flow(1)]}), "note": "x" * 70_000}
    ((number, reason),) = read(json.dumps({"records": [wide]}).encode())[1]
    assert (number, "over the limit" in reason) == (0, True)
    deep = b'{"records":[{"properties":' + b"[" * 100_000 + b"]" * 100_000 + b"}]}"
    found, bad, _ = read(deep)
    assert (found, len(bad)) == ([], 1)


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("last", [flow(1), "x"], ids=["tuples", "none"])
def test_what_stands_around_many_tuples_fills_no_chunk(alone: bool, last: str) -> None:
    """A small blob could make gigabytes of headers."""
    found = [last] * 3000
    one = record(1, {str(n): [each] for n, each in enumerate(found)} if alone else {"allow": found})
    groups = [{**one, "properties": {**one["properties"], "flows": [flows]}} for flows in one["properties"]["flows"]]
    data = json.dumps({"records": [{**group, "resourceId": "x" * 9000} for group in groups]}).encode()
    numbers = []
    for chunk in read(data, chunk_bytes=100_000)[2]:
        assert len(chunk.records) + len(chunk.bad) <= 24
        numbers += [*chunk.numbers, *(bad.record_no for bad in chunk.bad)]
        assert chunk.next_no == len(numbers)
    assert numbers == list(range(3000))


@pytest.mark.parametrize("odd", [5, None, {"a": 1}])
def test_what_is_no_text_is_put_aside_with_its_bytes_though_it_stands_alone(odd: Any) -> None:
    """Alone in its group, or beside another: the same piece."""
    reasons = []
    for tuples in ([odd], [odd, flow(1)]):
        found = json.dumps(record(1, {"allow": tuples}))
        _, bad, chunks = read(b'{"records":[' + found.encode() + b"]}")
        reasons.append((bad, [piece.data for chunk in chunks for piece in chunk.bad]))
    assert reasons[0] == reasons[1]
    assert len(reasons[0][0]) == 1
