"""What the remote stores share: URIs, one-line names for messages, and a stream made of ranged reads."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO, cast

from transforms.errors import ConfigError

BLOCK = 8 << 20
"""Bytes of one ranged request, and so of the memory that one open stream holds."""

Fetch = Callable[[int, int], bytes]
"""(start, length) -> the bytes there; fewer than `length` only at the end of the object."""


def split(uri: str) -> tuple[str, str]:
    """(bucket, key) of `scheme://bucket/key`. The key is what follows, as it stands, never decoded."""
    bucket, _, key = uri.partition("://")[2].partition("/")
    if not bucket:
        raise ConfigError(f"{shown(uri)}: names no bucket; expected scheme://bucket/prefix")
    return bucket, key


def shown(uri: str) -> str:
    """The URI on one line: what does not print is escaped, so that a hostile key cannot forge a log line."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in uri)


def stream(fetch: Fetch, start: int, end: int | None) -> BinaryIO:
    """Bytes [start, end) through ranged reads of at most BLOCK, one in memory at a time.

    The first block is fetched here, so that an object that is gone raises now and not in mid-read.
    """
    raw = _Blocks(fetch, start, end)
    raw.fill()
    return cast(BinaryIO, io.BufferedReader(raw, 1 << 16))


class _Blocks(io.RawIOBase):
    def __init__(self, fetch: Fetch, start: int, end: int | None) -> None:
        self._fetch, self._at, self._end = fetch, start, end
        self._block, self._used, self._last = b"", 0, False

    def readable(self) -> bool:
        return True

    def fill(self) -> None:
        want = BLOCK if self._end is None else min(BLOCK, self._end - self._at)
        self._block = self._fetch(self._at, want) if want > 0 else b""
        self._used = 0
        self._at += len(self._block)
        self._last = len(self._block) < want or want <= 0

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._used == len(self._block) and not self._last:
            self.fill()
        taken = self._block[self._used : self._used + len(buffer)]
        buffer[: len(taken)] = taken
        self._used += len(taken)
        return len(taken)
