"""Flow logs, good and bad, text and Parquet side by side: every row lands once by its own header, or is put aside."""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from transforms import quarantine

SOURCE = "aws_vpc_flow"
HEADER = (
    b"version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action"
    b" log-status"
)
START = 1_793_611_800


def flow(n: int, start: object = START, **columns: object) -> bytes:
    values = {
        "version": 2, "account-id": "111122223333", "interface-id": f"eni-{n}", "srcaddr": "203.0.113.9",
        "dstaddr": "10.0.1.5", "srcport": 50000 + n, "dstport": 443, "protocol": 6, "packets": 1, "bytes": 40,
        "start": start, "end": START + 60, "action": "ACCEPT", "log-status": "OK", **columns,
    }  # fmt: skip
    return " ".join(str(value) for value in values.values()).encode()


def text(*lines: bytes, header: bytes = HEADER) -> bytes:
    return b"\n".join([header, *lines, b""])


def parquet(*rows: dict[str, object]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), sink)
    return sink.getvalue()


ROW = {
    "account_id": "111122223333", "interface_id": "eni-1", "srcaddr": "203.0.113.9", "dstaddr": "10.0.1.5",
    "srcport": 50001, "dstport": 443, "protocol": 6, "start": START, "end": START + 60, "action": "ACCEPT",
    "log_status": "OK",
}  # fmt: skip
A, B = flow(1), flow(2)
BROKEN = A.replace(b"eni-1", b"eni-\xff")
PACKED = gzip.compress(text(A, B))
SQUEEZED = zstandard.compress(text(A, B))
REORDERED = HEADER.replace(b"srcaddr dstaddr", b"dstaddr srcaddr")
OBJECTS: dict[str, tuple[bytes, list[bytes], list[tuple[str, bytes]]]] = {
    # the object, the records of it that land, and (beginning of the reason, bytes) of what does not
    "gzip": (PACKED, [A, B], []),
    "zstd": (SQUEEZED, [A, B], []),
    "two members, a header each": (gzip.compress(text(A)) + gzip.compress(text(B)), [A, B], []),
    "truncated gzip": (PACKED[:-3], [], [("gzip data damaged or truncated after", PACKED[:-3])]),
    "truncated zstd": (SQUEEZED[:-3], [], [("zstd data damaged or truncated after", SQUEEZED[:-3])]),
    "CRLF, BOM and empty lines": (b"\xef\xbb\xbf" + text(A, b"", B).replace(b"\n", b"\r\n"), [A, B], []),
    "no line end": (text(A, B)[:-1], [A, B], []),
    "only a header": (text(), [], []),
    "no header": (b"\n".join([A, B]), [A, B], []),
    "no header and another format": (A + b" x\n" + B, [B], [("no header, and of no known layout", A + b" x")]),
    "a header again": (text(A, HEADER, B), [A, B], []),
    "another header": (text(A) + text(B, header=REORDERED), [A, B], []),
    "a header that lies": (text(A, B[:-3], A + b" x"), [A], [("13 fields", B[:-3]), ("15 fields", A + b" x")]),
    "a header without times": (b"srcaddr dstaddr\n1.2.3.4 1.2.3.5\n", [], [("no time", b"1.2.3.4 1.2.3.5")]),
    "no time": (text(A, flow(3, "-", end="-")), [A], [("no time", flow(3, "-", end="-"))]),
    "no start but an end": (text(flow(3, "-")), [flow(3, "-")], []),
    "a start in 1975": (text(flow(3, 164_000_066)), [flow(3, 164_000_066)], []),
    "words for times": (text(A, flow(3, "now", end="x")), [A], [("time not readable: 'now'", flow(3, "now", end="x"))]),
    "times that overflow": (
        text(A, flow(3, 10**30, end=10**30), flow(4, 10**11, end=10**11)),
        [A],
        [("time not readable", flow(3, 10**30, end=10**30)), ("time out of bounds", flow(4, 10**11, end=10**11))],
    ),
    "a year from now": (text(A, flow(3, START + 10**8)), [A], [("time out of bounds", flow(3, START + 10**8))]),
    "invalid UTF-8": (text(A, BROKEN, B), [A, B], [("not UTF-8: byte", BROKEN)]),
    "a carriage return within": (text(A, B.replace(b"eni-2", b"eni\r2")), [A, B.replace(b"eni-2", b"eni\r2")], []),
    "binary": (bytes([0, 255, 7]) * 20, [], [("no header, and of no known layout", bytes([0, 255, 7]) * 20)]),
    "empty": (b"", [], [("empty object", b"")]),
    "a file cut off": (parquet(ROW)[:-30], [], [("Parquet data damaged", parquet(ROW)[:-30])]),
    "a JSON row without an interface": (b'{"start":1793611800}', [b'{"start":1793611800}'], []),
    "broken JSON": (b'{"start":', [], [("not JSON", b'{"start":')]),
    "a line in JSON": (json.dumps({"message": A.decode()}).encode(), [A], []),
}  # fmt: skip


@pytest.fixture
def bucket(tmp_path):
    folder = tmp_path / "bucket"
    folder.mkdir()
    (folder / "0-good.log").write_bytes(text(flow(8)))
    (folder / "z-good.log.gz").write_bytes(gzip.compress(text(flow(9))))
    return folder


def landed(lake) -> list[bytes]:
    return sorted(raw.encode() for _, _, raw in lake.bronze(SOURCE))


@pytest.mark.parametrize("name", OBJECTS)
def test_each_is_counted_and_the_rest_lands(name, bucket, lake):
    data, expected, bad = OBJECTS[name]
    (bucket / "object").write_bytes(data)
    result = lake.land(SOURCE, bucket)
    assert landed(lake) == sorted([flow(8), flow(9), *expected])
    found = sorted((data, reason) for _, _, reason, data in lake.quarantine())
    wanted = sorted((data, reason) for reason, data in bad)
    assert [data for data, _ in found] == [data for data, _ in wanted]
    assert all(reason.startswith(start) for (_, reason), (_, start) in zip(found, wanted, strict=True)), found
    assert (result.records, result.quarantined) == (2 + len(expected), len(bad))
    assert lake.land(SOURCE, bucket).objects == 0


def test_text_parquet_and_json_of_one_flow_are_the_same_event(bucket, lake):
    for name, data in {
        "a.log": text(flow(1)),
        "b.parquet": parquet(ROW),
        "c.json": json.dumps(ROW, separators=(",", ":")).encode(),
        "d.log": text(
            b"1793611800 50001 10.0.1.5 203.0.113.9 443 OK ACCEPT 6 eni-1 1793611860 111122223333",
            header=b"start srcport dstaddr srcaddr dstport log-status action protocol interface-id end account-id",
        ),
    }.items():
        (bucket / name).write_bytes(data)
    lake.land(SOURCE, bucket)
    rows = [r for r in lake.rows(f"bronze/{SOURCE}") if "good" not in r["object_uri"]]
    assert len(rows) == 4 and len({r["event_uid"] for r in rows}) == 1
    assert {r["raw"] for r in rows if r["object_uri"].endswith(("parquet", "json"))} == {
        json.dumps(ROW, separators=(",", ":"))
    }


def test_where_no_column_tells_rows_apart_their_place_does(bucket, lake):
    """Equal lines of one object are two flows; the same object again is not two more."""
    line = b"1793611800 1793611860 40"
    (bucket / "plain.log").write_bytes(text(line, line, header=b"start end bytes"))
    lake.land(SOURCE, bucket)
    (bucket / "plain.log").write_bytes(text(line, line, line, header=b"start end bytes"))
    lake.land(SOURCE, bucket)
    uids = [r["event_uid"] for r in lake.rows(f"bronze/{SOURCE}") if r["raw"] == line.decode()]
    assert len(uids) == 5 and len(set(uids)) == 3


def test_what_was_too_long_is_replayed_below_its_header(bucket, settings, lake):
    """A line that was put aside is read again by the header of its object, and lands with it."""
    long = b"1793611800 10.0.1.5 203.0.113.9 " + b"9" * 300
    header = b"start dstaddr srcaddr bytes"
    wide = {**ROW, "note": "x" * 300}
    (bucket / "long.log").write_bytes(text(b"1793611800 a b 1", long, header=header))
    (bucket / "wide.parquet").write_bytes(parquet({**ROW, "note": ""}, wide))
    type(lake)(replace(settings, max_record_bytes=300)).land(SOURCE, bucket)
    assert [reason[:9] for _, _, reason, _ in lake.quarantine()] == ["record of"] * 2
    assert quarantine.replay(settings, SOURCE) == quarantine.Replayed(2, 2, 0)
    rows = {(r["object_uri"][-8:], r["record_no"]): r for r in lake.rows(f"bronze/{SOURCE}")}
    assert rows["long.log", 1]["raw"].encode() == long
    assert json.loads(rows["long.log", 1]["attributes"])["fields"] == header.decode()
    assert json.loads(rows[".parquet", 1]["raw"]) == wide
    assert json.loads(rows[".parquet", 1]["attributes"])["fields"] == list(wide)
    assert quarantine.replay(settings, SOURCE) == quarantine.Replayed(0, 0, 0)


@pytest.mark.parametrize(
    "root",
    [
        "AWSLogs/111122223333/vpcflowlogs/eu-central-1/2026/11/02",
        "AWSLogs/111122223333/vpcflowlogs/eu-central-1/2026/11/02/09",
        "p/AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=eu-central-1/year=2026/month=11/day=02/hour=09",
    ],
)
def test_keys_of_both_layouts_carry_their_day(root, bucket, lake):
    folder = bucket / root
    folder.mkdir(parents=True)
    (folder / "x.log.gz").write_bytes(PACKED)
    lake.land(SOURCE, bucket)
    dates = {r["uri"][-8:]: r["object_date"] for r in lake.rows("ops/ledger") if r["kind"] == "plan"}
    assert str(dates["x.log.gz"]) == "2026-11-02"
    assert {A, B} <= set(landed(lake))
