"""Records in a column of a CSV file: cells that span lines, doubled quotes, rows that are none, and bounds."""

from __future__ import annotations

import io

import pytest

from transforms.decoders.csv_cells import BLOCK, CsvCells
from transforms.decoders.framing import Bounds
from transforms.lake.records import Chunk

CELLS = CsvCells(column="AuditData")


def read(data: bytes, **bounds: int) -> list[Chunk]:
    return list(CELLS(io.BytesIO(data), Bounds(**bounds)))


def taken(chunks: list[Chunk]) -> list[tuple[int, bytes]]:
    return [(n, bytes(r)) for chunk in chunks for n, r in zip(chunk.numbers, chunk.records, strict=True)]


def refused(chunks: list[Chunk]) -> list[tuple[int, bytes | None, str]]:
    return [(bad.record_no, bad.data, bad.reason) for chunk in chunks for bad in chunk.bad]


def test_cells_are_their_own_text() -> None:
    data = b'\xef\xbb\xbfRecordId,auditdata,Operation\r\n1,"{""a"":""x,\n""}",Set\r\n\r\n,"{""b"":""""}",\n3,{},x'
    chunks = read(data)
    assert taken(chunks) == [(0, b'{"a":"x,\n"}'), (1, b'{"b":""}'), (2, b"{}")]
    assert refused(chunks) == []
    assert chunks[-1].consumed == len(data)


def test_a_bad_row_is_alone() -> None:
    found = read(b'AuditData,User\n{},a\n{},b,c\nx"y,z"\n{},d\n')
    assert taken(found) == [(0, b"{}"), (3, b"{}")]
    assert refused(found) == [
        (1, b"{},b,c", "3 fields where the header names 2"),
        (2, b'x"y,z"', "not JSON: a row of CSV whose quotes do not match"),
    ]


@pytest.mark.parametrize("data", [b"", b"\n \n"])
def test_nothing_holds_nothing(data: bytes) -> None:
    assert (taken(read(data)), refused(read(data))) == ([], [])


def test_without_the_column_every_row_is_refused() -> None:
    reason = "not JSON, and of no CSV with a column AuditData"
    assert refused(read(b"User,Operation\na,b\n")) == [(0, b"User,Operation", reason), (1, b"a,b", reason)]


def test_an_open_quote_takes_no_more_than_a_record_may_have() -> None:
    data = b'AuditData,n\n"{},x\n' + b"".join(b"{},%d\n" % n for n in range(100))
    chunks = read(data, max_record=50)
    ((number, bad, reason),) = refused(chunks)
    assert (number, reason) == (0, "not JSON: a row of CSV whose quotes do not match")
    assert bad is not None and len(bad) <= 60
    rest = b"".join(b"{},%d\n" % n for n in range(100 - len(taken(chunks)), 100))
    assert data == b"AuditData,n\n" + bad + b"\n" + rest


def test_a_line_without_end_is_given_on_in_pieces() -> None:
    data = b"AuditData\n" + b"x" * (3 * BLOCK)
    found = refused(read(data, max_record=BLOCK))
    assert b"".join(piece or b"" for _, piece, _ in found) == b"x" * (3 * BLOCK)


def test_chunks_are_bounded_and_numbered_on() -> None:
    data = b"AuditData\n" + b"".join(b'"{""n"":%d}"\n' % n for n in range(1000))
    chunks = read(data, chunk_bytes=2000)
    assert len(chunks) > 5
    assert taken(chunks) == [(n, b'{"n":%d}' % n) for n in range(1000)]
