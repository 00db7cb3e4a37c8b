"""Parquet files: each row a record whose text says all that the row holds, or a file that is refused as a whole."""

from __future__ import annotations

import base64
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transforms.decoders import parquet
from transforms.decoders.framing import FIELDS, Bounds
from transforms.decoders.parquet import ParquetRows
from transforms.errors import DataError

ROWS = ParquetRows(rename=lambda name: name.replace("_", "-"))


def written(table: pa.Table, **options) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def read(data: bytes, **bounds):
    return list(ROWS(io.BytesIO(data), Bounds(**bounds)))


def test_a_row_is_its_json_in_the_files_order():
    table = pa.table(
        {
            "z_text": ['a "b"\n\u20ac', None],
            "a_int": pa.array([1 << 62, -1], pa.int64()),
            "unsigned": pa.array([(1 << 64) - 1, 0], pa.uint64()),
            "float": [float("nan"), 0.1],
            "infinite": [float("inf"), -float("inf")],
            "yes": [True, False],
            "nanos": pa.array([1_777_000_000_123_456_789, None], pa.timestamp("ns", "UTC")),
            "naive": pa.array([1_767_323_045_000_000, None], pa.timestamp("us")),
            "day": [date(2026, 1, 2), None],
            "price": pa.array([Decimal("1.10"), None], pa.decimal128(10, 2)),
            "bytes": [b"\xff\x00", None],
            "word": pa.array(["x", "y"]).dictionary_encode(),
            "list": [[1.5, float("nan")], []],
            "struct": [{"b": datetime(2026, 1, 2, tzinfo=UTC), "a": None}, None],
        }
    )
    chunk, last = read(written(table))
    first, second = (json.loads(record) for record in chunk.records)
    assert list(first) == list(second) == table.column_names == chunk.attributes[FIELDS]
    assert first == {
        "z_text": 'a "b"\n\u20ac', "a_int": 1 << 62, "unsigned": (1 << 64) - 1, "float": "nan", "infinite": "inf",
        "yes": True, "nanos": "2026-04-24 03:06:40.123456789Z", "naive": "2026-01-02 03:04:05.000000",
        "day": "2026-01-02", "price": "1.10", "bytes": base64.b64encode(b"\xff\x00").decode(), "word": "x",
        "list": [1.5, "nan"], "struct": {"b": "2026-01-02 00:00:00.000000Z", "a": None},
    }  # fmt: skip
    assert second["infinite"] == "-inf" and second["float"] == 0.1 and second["struct"] is None
    assert (chunk.numbers, chunk.bad, last.next_no) == ([0, 1], [], 2)
    columns, reasons = chunk.columns(["z-text", "a-int", "float", "absent"])
    assert {name: column.to_pylist() for name, column in columns.items()} == {
        "z-text": ['a "b"\n\u20ac'.encode(), None], "a-int": [b"4611686018427387904", b"-1"], "float": [b"nan", b"0.1"],
    }  # fmt: skip
    assert reasons == {}


def test_a_map_is_an_object():
    made = pa.timestamp("us", "UTC")
    table = pa.table(
        {
            "named": pa.array([[("b", "1"), ("a", None)], [], None], pa.map_(pa.string(), pa.string())),
            "numbered": pa.array([[(7, 0)], [], None], pa.map_(pa.int64(), made)),
            "within": pa.array(
                [{"m": [("a", 1.5)]}, {"m": None}, None], pa.struct([("m", pa.map_("string", "double"))])
            ),
        }
    )
    chunk, _ = read(written(table))
    assert [json.loads(record) for record in chunk.records] == [
        {"named": {"b": "1", "a": None}, "numbered": {"7": "1970-01-01 00:00:00.000000Z"}, "within": {"m": {"a": 1.5}}},
        {"named": {}, "numbered": {}, "within": {"m": None}},
        {"named": None, "numbered": None, "within": None},
    ]


def test_a_map_with_a_key_twice_loses_neither():
    table = pa.table({"m": pa.array([[("a", "1"), ("a", "2")], [("b", "3")]], pa.map_(pa.string(), pa.string()))})
    chunk, _ = read(written(table))
    assert [json.loads(record)["m"] for record in chunk.records] == [[["a", "1"], ["a", "2"]], [["b", "3"]]]


def test_rows_keep_their_numbers_over_batches_and_row_groups(monkeypatch):
    monkeypatch.setattr(parquet, "BATCH_ROWS", 7)
    monkeypatch.setattr(parquet, "IN_MEMORY", 100)  # by way of a file
    data = written(pa.table({"n": list(range(50))}), row_group_size=20)
    chunks = read(data, first_no=5)
    assert [n for c in chunks for n in c.numbers] == list(range(5, 55))
    assert [json.loads(r)["n"] for c in chunks for r in c.records] == list(range(50))
    assert chunks[-1].next_no == 55
    assert [c.consumed for c in chunks] == sorted(c.consumed for c in chunks)


def test_a_file_without_rows_has_no_records():
    (last,) = read(written(pa.table({"n": pa.array([], pa.int64())})))
    assert (last.records, last.bad, last.next_no) == ([], [], 0)


def test_a_giant_row_is_bad_and_its_neighbours_are_not():
    chunk, last = read(written(pa.table({"x": ["a", "b" * 100, "c"]})), max_record=50)
    assert [json.loads(r)["x"] for r in chunk.records] == ["a", "c"] and chunk.numbers == [0, 2]
    (bad,) = chunk.bad
    assert (bad.record_no, bad.data, bad.reason) == (
        1,
        b'{"x":"' + b"b" * 100 + b'"}',
        "record of 108 bytes is over the limit of 50",
    )
    assert last.next_no == 3


@pytest.mark.parametrize("keep", [4, 20, 0.5, -9, -1])
def test_a_file_that_is_cut_off_is_refused(keep):
    data = written(pa.table({"x": ["abc" * 9] * 50}))
    cut = data[: int(len(data) * keep)] if 0 < keep < 1 else data[:keep]
    with pytest.raises(DataError, match="Parquet data damaged"):
        read(cut)


def test_damaged_pages_are_refused_or_read():
    """Whatever byte is wrong: rows, or a refusal; never another error."""
    data = written(pa.table({"x": [f"{n:09d}" for n in range(200)]}), use_dictionary=False, compression="snappy")
    refused = 0
    for at in range(4, len(data) - 4, 7):
        wrong = bytearray(data)
        wrong[at] ^= 0x5A
        try:
            read(bytes(wrong))
        except DataError:
            refused += 1
    assert refused > 20


@pytest.mark.parametrize(
    "column",
    [
        pa.StringArray.from_buffers(1, pa.py_buffer(b"\0\0\0\0\4\0\0\0"), pa.py_buffer(b"caf\xe9")),
        pa.array([(1 << 31) - 1], pa.int32()).view(pa.date32()),
    ],
    ids=["text", "day"],
)
def test_values_that_python_cannot_say_are_refused(column):
    with pytest.raises(DataError, match="Parquet data damaged"):
        read(written(pa.table({"a": column})))


def test_giant_names_are_refused():
    with pytest.raises(DataError, match="column names of 70000 bytes, over the limit of 65536"):
        read(written(pa.table({"x" * 70_000: [1]})))


def test_a_bomb_is_refused(monkeypatch):
    monkeypatch.setattr(parquet, "FREE_EXPANSION", 1000)
    data = written(pa.table({"x": pa.array(["a" * 1000]).take(pa.array([0] * 20_000))}))
    assert len(data) < 20_000
    with pytest.raises(DataError, match=r"Parquet bomb: \d+ bytes expand to more than"):
        read(data, max_ratio=200)
    assert sum(len(c.records) for c in read(data, max_ratio=200_000)) == 20_000
