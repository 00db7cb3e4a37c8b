"""Unpacking: what is whole comes out, what is damaged, cut off or a bomb is refused."""

from __future__ import annotations

import gzip
import io

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from transforms.decoders import compression
from transforms.decoders.compression import plain
from transforms.errors import DataError

TEXT = b"".join(b'{"number":%d}\n' % i for i in range(2000))
PACKERS = {"gzip": gzip.compress, "zstd": zstandard.compress, "plain": bytes}


def unpack(data: bytes, *, step: int = 1 << 16, max_ratio: int = 200) -> bytes:
    reader, _ = plain(io.BytesIO(data), size=len(data), max_ratio=max_ratio)
    parts = []
    while block := reader.read(step):
        assert len(block) <= step
        parts.append(block)
    return b"".join(parts)


@given(parts=st.lists(st.binary(max_size=300), min_size=1, max_size=4), step=st.integers(1, 400))
@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_several_members_are_one_text(kind, parts, step):
    packed = b"".join(PACKERS[kind](part) for part in parts)
    assert unpack(packed, step=step) == b"".join(parts)


@pytest.mark.parametrize("data", [b"", b"{", b"\x1f", b"\x28\xb5\x2f", b"[1]", TEXT])
def test_what_is_not_packed_passes(data):
    assert unpack(data) == data
    assert plain(io.BytesIO(data), size=len(data), max_ratio=200)[1] is False


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
@given(keep=st.floats(0, 1, exclude_max=True))
def test_cut_off_anywhere_is_refused(kind, keep):
    packed = PACKERS[kind](TEXT)
    cut = packed[: max(4, int(len(packed) * keep))]
    with pytest.raises(DataError, match=f"{kind} data damaged or truncated after"):
        unpack(cut)
    with pytest.raises(DataError, match=f"after {len(TEXT)} bytes|after {len(TEXT) + 1}|after"):
        unpack(packed + cut)


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
@pytest.mark.parametrize("garbage", [b"x", b"garbage", b"garbage that is longer than a header"])
def test_what_follows_and_is_no_member_is_refused(kind, garbage):
    with pytest.raises(DataError, match="damaged or truncated"):
        unpack(PACKERS[kind](TEXT) + garbage)


def test_zero_padding_after_gzip_is_none():
    assert unpack(gzip.compress(TEXT) + b"\0" * 512) == TEXT
    assert unpack(gzip.compress(TEXT) + b"\0" * 512 + gzip.compress(TEXT)) == TEXT * 2


def test_a_wrong_checksum_is_refused():
    packed = bytearray(gzip.compress(TEXT))
    packed[-6] ^= 1
    with pytest.raises(DataError, match="gzip data damaged"):
        unpack(bytes(packed))
    with pytest.raises(DataError, match="gzip data damaged"):
        unpack(gzip.compress(TEXT) + bytes(packed))
    packed = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(TEXT))
    packed[-1] ^= 1
    with pytest.raises(DataError, match="zstd data damaged"):
        unpack(bytes(packed))


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_a_bomb_is_refused_at_the_ratio(kind, monkeypatch):
    monkeypatch.setattr(compression, "FREE_EXPANSION", 1 << 20)
    bomb = PACKERS[kind](bytes(8 << 20))
    with pytest.raises(DataError, match=f"{kind} bomb: {len(bomb)} bytes expand to more than"):
        unpack(bomb, max_ratio=10)
    assert len(unpack(bomb, max_ratio=1 << 20)) == 8 << 20


def test_what_is_small_may_expand_freely():
    assert len(unpack(gzip.compress(bytes(8 << 20)), max_ratio=1)) == 8 << 20


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_a_bomb_costs_no_memory(kind):
    """1 GiB of zeros is refused after the free expansion, in steps."""
    import tracemalloc

    one = PACKERS[kind](bytes(64 << 20))
    tracemalloc.start()
    reader, _ = plain(io.BytesIO(one * 16), size=len(one) * 16, max_ratio=10)
    with pytest.raises(DataError, match="bomb"):
        while reader.read(1 << 20):
            pass
    assert tracemalloc.get_traced_memory()[1] < 280 << 20
    tracemalloc.stop()
