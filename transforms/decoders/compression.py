"""Unpack gz and zst streams, told apart by their first bytes, never by their names. Bombs are refused.

gzip may hold several members (RFC 1952 section 2.2); zstd several frames (RFC 8878 section 3.1).
"""

from __future__ import annotations

import io
from typing import Any, BinaryIO, Protocol

import zstandard
from isal import igzip, isal_zlib

from transforms.errors import DataError

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
FREE_EXPANSION = 64 << 20
"""Bytes that any object may expand to; past them the ratio counts. Logs reach 30, a bomb 1,000 and more."""


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def plain(stream: BinaryIO, *, size: int, max_ratio: int) -> tuple[Readable, bool]:
    """The stream unpacked if it is packed, and whether it is. `size` is the packed length in bytes, for the ratio.

    Reading raises DataError for damaged, truncated or over-expanding data.
    """
    head = stream.read(4)
    whole = io.BufferedReader(_Rejoined(head, stream), 1 << 20)
    if head[:2] == GZIP:
        return _Guard(igzip.IGzipFile(fileobj=whole, mode="rb"), size, max_ratio, "gzip"), True
    if head == ZSTD:
        reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(whole, read_across_frames=True)
        return _Guard(reader, size, max_ratio, "zstd"), True
    return whole, False


class _Rejoined(io.RawIOBase):
    """A stream whose first bytes were already read."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self.head, self.stream = head, stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        block = self.head[: len(view)] or self.stream.read(len(view))
        self.head = self.head[len(block) :]
        view[: len(block)] = block
        return len(block)


class _Guard:
    """Counts what comes out, and turns the libraries' errors into DataError."""

    def __init__(self, reader: Readable, size: int, max_ratio: int, kind: str) -> None:
        self.reader, self.kind, self.seen = reader, kind, 0
        self.limit = max(FREE_EXPANSION, size * max_ratio)
        self.size = size

    def read(self, size: int = -1) -> bytes:
        try:
            block = self.reader.read(size)
        except (EOFError, OSError, isal_zlib.error, zstandard.ZstdError) as error:  # type: ignore[misc]
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise DataError(f"{self.kind} data damaged or truncated after {self.seen} bytes: {error}") from None
        self.seen += len(block)
        if self.seen > self.limit:
            raise DataError(f"{self.kind} bomb: {self.size} bytes expand to more than {self.limit}")
        return block
