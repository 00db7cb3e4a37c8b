"""Bad and hostile input: each piece is a bronze row as it stands or a quarantine row with its bytes and the reason."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import zstandard

from transforms.decoders import compression
from transforms.decoders.cloudwatch import CloudWatch
from transforms.sources import get

TIME = "2026-11-01T00:00:00Z"
EXTENDED = {"aws_cloudtrail": "eventID", "azure_activity": "eventDataId", "okta_system_log": "uuid"}
CLOCKS = {"aws_cloudtrail": "eventTime", "azure_activity": "time", "okta_system_log": "published"}
WRAPPERS = {"aws_cloudtrail": "Records", "azure_activity": "records", "okta_system_log": "body"}


@dataclass(frozen=True)
class Kind:
    """How one source writes a record."""

    source: str

    def record(self, name: str, **extra: object) -> bytes:
        fields = {EXTENDED[self.source]: name, CLOCKS[self.source]: TIME, **extra}
        return json.dumps({k: v for k, v in fields.items() if v is not ...}).encode()

    def timed(self, text: str) -> bytes:
        """A record whose time is the JSON `text`."""
        return f'{{"{EXTENDED[self.source]}":"t","{CLOCKS[self.source]}":{text}}}'.encode()

    def wrapped(self, *records: bytes) -> bytes:
        return b'{"' + WRAPPERS[self.source].encode() + b'":[' + b",".join(records) + b"]}"


@pytest.fixture(params=sorted(CLOCKS))
def kind(request) -> Kind:
    return Kind(request.param)


@pytest.fixture
def put(tmp_path) -> Callable[[str | bytes, bytes], Path]:
    """Writes an object that was last touched two days ago, so that growing ones are settled."""
    import time

    def write(name: str | bytes, data: bytes) -> Path:
        path = tmp_path / "bucket" / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        settled = time.time() - 2 * 86400
        os.utime(path, (settled, settled))
        return path

    (tmp_path / "bucket").mkdir()
    return write


def good(kind: Kind, put) -> list[bytes]:
    """Objects that must land whatever lies beside them."""
    records = [kind.record(f"good-{n}") for n in range(6)]
    put("0-first.json", kind.wrapped(*records[:2]))
    put("m-middle.json.gz", gzip.compress(kind.wrapped(*records[2:4])))
    put("z-last.json", b"\n".join(records[4:]))
    return records


def landed(lake, kind: Kind) -> list[bytes]:
    return sorted(raw.encode() for _, _, raw in lake.bronze(kind.source))


def objects(kind: Kind) -> dict[str, tuple[bytes, list[bytes], list[tuple[str, bytes | None]]]]:
    """What lies in the object, the records of it that land, and (beginning of the reason, bytes) of what does not."""
    a, b = kind.record("a"), kind.record("b")
    packed = gzip.compress(a + b"\n" + b)
    squeezed = zstandard.compress(a + b"\n" + b)
    damaged = bytearray(gzip.compress(b * 50))
    damaged[len(damaged) // 2] ^= 0xFF
    broken = b'{"a": nothing}'
    no_time = kind.record("a", **{CLOCKS[kind.source]: ...})
    bad_utf8 = kind.record("a", note="@").replace(b"@", b"\xff\xfe")
    nul = kind.record("a", note="@").replace(b"@", b"\x00")
    twice = kind.record("a").replace(b"{", b'{"' + EXTENDED[kind.source].encode() + b'": "first", ', 1)
    huge_number = kind.record("a", note="@").replace(b'"@"', b"1e999")
    lone = kind.record("a", note="@").replace(b"@", b"\\ud800")
    deep = b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    utf16 = b"\xff\xfe" + a.decode().encode("utf-16-le")
    wrong_types = [kind.timed("[]"), kind.timed("{}"), kind.timed("true")]
    wrong_times = {
        "no time": [kind.timed("null"), kind.timed('""'), no_time],
        "time not readable": [kind.timed('"yesterday"'), kind.timed('"2026-13-01T00:00:00Z"'), kind.timed("1e300")],
        "time out of bounds": [kind.timed("1762000000"), kind.timed('"2999-01-01T00:00:00Z"'), kind.timed("-1")],
    }
    times = [(reason, record) for reason, records in wrong_times.items() for record in records]
    identity = f'{{"{EXTENDED[kind.source]}":["list"],"{CLOCKS[kind.source]}":"{TIME}"}}'.encode()
    return {
        "truncated gzip": (packed[:-3], [], [("gzip data damaged or truncated after", packed[:-3])]),
        "gzip, header only": (packed[:12], [], [("gzip data damaged", packed[:12])]),
        "damaged gzip": (bytes(damaged), [], [("gzip data damaged", bytes(damaged))]),
        "second member damaged": (packed + bytes(damaged), [], [("gzip data damaged", packed + bytes(damaged))]),
        "garbage after gzip": (packed + b"garbage", [], [("gzip data damaged", packed + b"garbage")]),
        "two members": (gzip.compress(a + b"\n") + gzip.compress(b), [a, b], []),
        "truncated zstd": (squeezed[:-3], [], [("zstd data damaged or truncated after", squeezed[:-3])]),
        "garbage after zstd": (squeezed + b"garbage", [], [("zstd data damaged", squeezed + b"garbage")]),
        "zstd": (squeezed, [a, b], []),
        # CloudWatch Logs packs what Firehose packs again
        "gzip within gzip": (gzip.compress(packed), [a, b], [])
        if isinstance(get(kind.source).framing, CloudWatch)
        else (gzip.compress(packed), [], [("not JSON", packed)]),
        "gzip of nothing": (gzip.compress(b""), [], []),
        "empty": (b"", [], [("empty object", b"")]),
        "not JSON": (b"hello, world", [], [("not JSON", b"hello, world")]),
        "UTF-16": (utf16, [], [("not JSON", utf16)]),
        "invalid UTF-8": (b"\n".join([a, bad_utf8, b]), [a, b], [("not UTF-8: byte", bad_utf8)]),
        "NUL bytes": (b"\n".join([a, nul, b"\0\0", b]), [a, b], [("not JSON", nul), ("not JSON", b"\0\0")]),
        "deep nesting": (b"\n".join([a, deep, b]), [a, b], [("nested too deeply", deep)]),
        "deep nesting alone": (deep, [], [("nested too deeply", deep)]),
        "never closed": (b"[" * 50_000, [], [("nested too deeply", b"[" * 50_000)]),
        "broken line": (b"\n".join([a, broken, b]), [a, b], [("not JSON", broken)]),
        "broken document": (kind.wrapped(a, broken), [], [("not JSON", kind.wrapped(a, broken))]),
        "cut document": (kind.wrapped(a, b)[:-2], [], [("not JSON", kind.wrapped(a, b)[:-2])]),
        "scalar": (b"5", [], [("wrong type", b"5")]),
        "null": (b"null", [], [("wrong type", b"null")]),
        "no objects": (b'[1,"x",null,[{}]]', [], [("wrong type", r) for r in (b"1", b'"x"', b"null", b"[{}]")]),
        "records of a wrong type": (
            b'{"' + WRAPPERS[kind.source].encode() + b'":5}',
            [],
            [("no time", b'{"' + WRAPPERS[kind.source].encode() + b'":5}')],
        ),
        "wrong types": (b"\n".join([a, *wrong_types]), [a], [("wrong type", r) for r in wrong_types]),
        "identity of a wrong type": (kind.wrapped(a, identity), [a], [("wrong type", identity)]),
        "times": (kind.wrapped(*[r for _, r in times], a), [a], times),
        "milliseconds": (kind.timed("1793491200123"), [kind.timed("1793491200123")], []),
        "the same key twice": (twice, [twice], []),
        "1e999": (huge_number, [huge_number], []),
        "lone surrogate": (b"\n".join([a, lone, b]), [a, b], [("not JSON", lone)]),
        "pretty-printed": (
            json.dumps(json.loads(a), indent=2).encode(),
            [json.dumps(json.loads(a), indent=2).encode()],
            [],
        ),
    }


@pytest.mark.parametrize("name", objects(Kind("aws_cloudtrail")))
def test_each_is_counted_and_the_rest_lands(name, kind, put, lake, tmp_path):
    records = good(kind, put)
    data, expected, bad = objects(kind)[name]
    path = put("bad/object.json", data)
    result = lake.land(kind.source, tmp_path / "bucket")
    assert landed(lake, kind) == sorted(records + expected)
    found = lake.quarantine()
    assert sorted((data or b"", reason) for _, _, reason, data in found) == [
        (content, next(r for _, _, r, d in found if d == content and r.startswith(reason)))
        for reason, content in sorted(bad, key=lambda pair: pair[1] or b"")
    ]
    assert {uri for uri, *_ in found} <= {f"file://{path}"}
    assert (result.records, result.quarantined) == (6 + len(expected), len(bad))
    assert lake.land(kind.source, tmp_path / "bucket").objects == 0


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_a_bomb(kind, put, lake, tmp_path, pack, monkeypatch):
    """Refused at the ratio; under the size that any object may have it is only a record that is too long."""
    monkeypatch.setattr(compression, "FREE_EXPANSION", 24 << 20)
    records = good(kind, put)
    bomb = pack(b'{"a":"' + bytes(40 << 20))
    put("bomb.json.gz", bomb)
    lake.land(kind.source, tmp_path / "bucket")
    assert landed(lake, kind) == sorted(records)
    ((_, number, reason, data),) = lake.quarantine()
    assert number == -1 and "bomb: " in reason and data == bomb


RECORD_OF_100_MB = """
import re, sys
from pathlib import Path
from transforms.land import land
from transforms.settings import Settings
result = land(Settings(lake=sys.argv[1], environment={}, workers=1), sys.argv[2], sys.argv[3])
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) >> 10
print(result.records, result.quarantined, peak)
"""
"""The peak is the process's own: ru_maxrss of a process that was forked begins with its parent's."""


@pytest.mark.parametrize("shape", ["line", "envelope", "gzip"])
def test_a_record_of_100_megabytes(kind, put, lake, tmp_path, shape):
    if kind.source != "aws_cloudtrail" and shape != "line":
        pytest.skip("one source stands for all")
    records = good(kind, put)
    big = kind.record("big", note="x" * (100 << 20))
    around = [kind.record("before"), kind.record("after")]
    data = {
        "line": b"\n".join([around[0], big, around[1]]),
        "envelope": kind.wrapped(around[0], big, around[1]),
        "gzip": gzip.compress(kind.wrapped(around[0], big, around[1]), 1),
    }[shape]
    noise = os.urandom(2 << 20) if shape == "gzip" else b""  # within the ratio
    if noise:
        data = gzip.compress(b'{"noise":"' + noise.hex().encode() + b'"}\n', 1) + data
    path = put("big.json", data)
    del data
    out = subprocess.run(
        [sys.executable, "-c", RECORD_OF_100_MB, lake.settings.lake, kind.source, str(tmp_path / "bucket")],
        check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    path.unlink()
    assert int(out[2]) < 1400, f"{out[2]} MiB of memory"
    assert landed(lake, kind) == sorted(records + around)
    found = {number: (reason, data) for _, number, reason, data in lake.quarantine()}
    reason, kept = found[2 if noise else 1]
    assert reason == f"record of {len(big)} bytes is over the limit of {16 << 20}"
    assert kept == big


NAMES = [
    "a b.json",
    "percent%2Fsign%25.json",
    "new\nline.json",
    "tab\there.json",
    "bell\x07.json",
    "x..json",
    "quote'\".json",
    "semi;drop table.json",
    "{{ jinja }}.json",
    "=formula().json",
    "back\\slash.json",
    "hash#question?.json",
    "ünïcode-日本.json",
    "e\u0301.json",
    "\u202e right to left.json",
    "a=b/c:d@e,f+g.json",
    "x..%2f..%2fescape.json",
    b"not-utf8-\xff\xfe.json",
    b"folder-\xff/inside.json",
]


def test_names_of_every_kind(kind, put, lake, tmp_path):
    """Each object lands under a URI of its own, and the URI leads back to the object."""
    from transforms.readers.local import path_of

    expected = {}
    for n, name in enumerate(NAMES):
        expected[put(name, kind.record(f"{n}"))] = kind.record(f"{n}")
    lake.land(kind.source, tmp_path / "bucket")
    found = {path_of(uri): raw.encode() for uri, _, raw in lake.bronze(kind.source)}
    assert found == expected
    assert lake.quarantine() == []
    assert all(uri.isascii() and uri.isprintable() for uri, *_ in lake.bronze(kind.source))
    assert lake.land(kind.source, tmp_path / "bucket").objects == 0


HOSTILE = [
    "'; drop table bronze.okta_system_log; --",
    "1 or 1=1",
    "{{ config(materialized='table') }}",
    "{% for x in range(10**9) %}{{ x }}{% endfor %}",
    "{{ var('x') }}",
    "=cmd|'/c calc'!A1",
    "+1+1",
    "@SUM(A1)",
    "-2+3",
    "<script>alert(1)</script>",
    "../../../../etc/passwd",
    "$(touch /tmp/x)`id`",
    "%s%n%d",
    "\u202e\u0000\u001b[31m",
    "__HIVE_DEFAULT_PARTITION__",
    "event_date=2000-01-01",
    "a" * 100_000,
    "\U0001f600",
]


def test_values_that_look_like_code_are_data(kind, put, lake, tmp_path):
    records = [kind.record(text, note=text, **{text: text}) for text in HOSTILE]
    put("hostile.json", kind.wrapped(*records))
    lake.land(kind.source, tmp_path / "bucket")
    assert landed(lake, kind) == sorted(records)
    rows = lake.rows(f"bronze/{kind.source}")
    assert len({r["event_uid"] for r in rows}) == len(HOSTILE)
    assert {p.name for p in Path(lake.settings.lake, "bronze", kind.source).iterdir()} == {
        "_delta_log",
        "event_date=2026-11-01",
    }


def test_what_asks_for_a_place_of_its_own_gets_none(kind, put, lake, tmp_path):
    """A day of 1990 and one of tomorrow are days; nothing that a record says names a file."""
    put("days.json", kind.wrapped(kind.timed('"1990-01-01T00:00:00Z"'), kind.timed('"2026-11-01T23:59:59.999999999Z"')))
    lake.land(kind.source, tmp_path / "bucket")
    days = {p.name for p in Path(lake.settings.lake, "bronze", kind.source).iterdir()} - {"_delta_log"}
    assert days == {"event_date=1990-01-01", "event_date=2026-11-01"}


def test_many_bad_objects_in_one_batch(kind, put, lake, tmp_path):
    """All of them at once, packed and plain, and every piece is accounted for."""
    records = good(kind, put)
    expected, bad = list(records), 0
    for n, (data, lands, refused) in enumerate(objects(kind).values()):
        put(f"bad/{n}.json", data)
        expected += lands
        bad += len(refused)
    result = lake.land(kind.source, tmp_path / "bucket")
    assert landed(lake, kind) == sorted(expected)
    assert len(lake.quarantine()) == bad == result.quarantined
    rows = lake.rows("ops/ledger")
    assert sum(r["records"] for r in rows if r["kind"] == "landed") == len(expected)
    assert sum(r["quarantined"] for r in rows if r["kind"] == "landed") == bad
