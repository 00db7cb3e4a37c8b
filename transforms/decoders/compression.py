"""Unpack gz and zst streams, told apart by their first bytes, never by their names. Bombs are refused.

gzip may hold several members (RFC 1952 section 2.2); zstd several frames (RFC 8878 section 3.1).
"""

from __future__ import annotations

import io
from typing import Any, BinaryIO, Protocol

import zstandard
from isal import isal_zlib

from transforms.errors import DataError

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
FREE_EXPANSION = 64 << 20
"""Bytes that any object may expand to; past them the ratio counts. Logs reach 30, a bomb 1,000 and more."""

GZIP_FRAMING = 31  # zlib's window bits, with a gzip header and trailer
GZIP_PIECE = 1 << 20
ZSTD_PIECE = 4096
"""Packed bytes unpacked at once: a zstd block of 4 bytes may hold 128 KiB, so that these hold 128 MiB at most."""


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def plain(stream: BinaryIO, *, size: int, max_ratio: int) -> tuple[Readable, bool]:
    """The stream unpacked if it is packed, and whether it is. `size` is the packed length in bytes, for the ratio.

    Reading raises DataError for damaged, truncated or over-expanding data.
    """
    head = b""
    while len(head) < len(ZSTD) and (more := stream.read(len(ZSTD) - len(head))):
        head += more
    if head[:2] == GZIP:
        return _Guard(_Gzip(head, stream), size, max_ratio, "gzip"), True
    whole = io.BufferedReader(_Rejoined(head, stream), 1 << 20)
    if head == ZSTD:
        return _Guard(_Zstd(whole), size, max_ratio, "zstd"), True
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


class _Gzip:
    """gzip members, unpacked no further than asked. Half the time of the library's file object."""

    def __init__(self, head: bytes, stream: Readable) -> None:
        self.packed, self.stream = head, stream
        self.member: Any = isal_zlib.decompressobj(GZIP_FRAMING)

    def read(self, size: int = -1) -> bytes:
        while True:
            block = self.packed or self.stream.read(GZIP_PIECE)
            if self.member is None:
                self.packed = block.lstrip(b"\0")  # padding between members
                if not block:
                    return b""
                if self.packed:
                    self.member = isal_zlib.decompressobj(GZIP_FRAMING)
                continue
            plain = self.member.decompress(block, max(size, 0))
            if self.member.eof:
                self.packed, self.member = self.member.unused_data, None
            else:
                self.packed = self.member.unconsumed_tail
                if not block and not plain:
                    raise EOFError("ended within a member")
            if plain:
                return bytes(plain)


class _Zstd:
    """zstd frames, unpacked piece by piece. The library's own stream reader takes a cut-off frame for the end."""

    def __init__(self, stream: Readable) -> None:
        self.stream = stream
        self.library = zstandard.ZstdDecompressor(max_window_size=1 << 27)
        self.frame: Any = None
        self.packed, self.held = b"", b""

    def read(self, size: int = -1) -> bytes:
        while not self.held:
            block, self.packed = self.packed or self.stream.read(ZSTD_PIECE), b""
            if not block:
                if self.frame is not None:
                    raise EOFError("ended within a frame")
                return b""
            self.frame = self.frame or self.library.decompressobj()
            self.held = self.frame.decompress(block)
            if self.frame.eof:
                self.packed, self.frame = self.frame.unused_data, None
        size = len(self.held) if size < 0 else size
        block, self.held = self.held[:size], self.held[size:]
        return block


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
