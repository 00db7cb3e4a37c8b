"""Object store over a local folder or a single file. URIs are absolute file:// URIs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import quote, unquote_to_bytes
from uuid import uuid4

from transforms.errors import ConfigError, ObjectGone
from transforms.readers.base import Listing, RemoteObject
from transforms.readers.remote import shown

HIDDEN = (".", "_")
"""Names that start so are not logs: temporary files, markers such as _SUCCESS."""


def open_store(uri: str, environment: Mapping[str, str]) -> LocalStore:
    path = path_of(uri)
    return LocalStore(path)


def path_of(uri: str) -> Path:
    """The path of a file:// URI or a plain path, absolute and without `..`: one file has one URI."""
    plain = os.fsdecode(unquote_to_bytes(uri.removeprefix("file://"))) if uri.startswith("file://") else uri
    return Path(os.path.abspath(os.path.expanduser(plain)))  # noqa: PTH100, PTH111  # Path.resolve would follow links


def uri_of(path: str | os.PathLike[str]) -> str:
    """file:// URI of a path; control characters, spaces and bytes that are no UTF-8 come out percent-encoded."""
    return "file://" + quote(os.fsencode(path), safe="/=:@,+-._~()")


class LocalStore:
    """A folder as a bucket. A version is size and mtime in nanoseconds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.root = uri_of(path)

    def level(self, prefix: str) -> Listing:
        path = path_of(prefix)
        if path.is_file():
            return Listing([], [_item(path)])
        if not path.is_dir():
            if path == self.path:
                raise ConfigError(f"{path}: no such file or folder")
            return Listing([], [])
        prefixes, objects = [], []
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    if entry.name.startswith(HIDDEN):
                        continue
                    if entry.is_dir():
                        prefixes.append(uri_of(entry.path) + "/")
                    elif entry.is_file():
                        with suppress(FileNotFoundError):  # rotated away since
                            objects.append(_item(Path(entry.path)))
        except PermissionError as error:
            raise ConfigError(f"{shown(str(path))}: {error.strerror}") from None
        return Listing(sorted(prefixes), sorted(objects, key=lambda o: o.uri))

    def walk(self, prefix: str, start_after: str | None = None) -> Iterator[RemoteObject]:
        listing = self.level(prefix)
        merged = sorted([*listing.prefixes, *(o.uri for o in listing.objects)])
        by_uri = {o.uri: o for o in listing.objects}
        for uri in merged:
            if uri.endswith("/"):
                yield from self.walk(uri, start_after)
            elif start_after is None or uri > start_after:
                yield by_uri[uri]

    def open(self, item: RemoteObject, start: int = 0, end: int | None = None, *, pin: bool = True) -> BinaryIO:
        path = path_of(item.uri)
        try:
            stream = path.open("rb", buffering=0)
        except FileNotFoundError:
            raise ObjectGone(f"{item.uri}: deleted before it was read") from None
        if pin and _version(os.fstat(stream.fileno())) != item.version:
            stream.close()
            raise ObjectGone(f"{item.uri}: replaced before version {item.version} was read")
        stream.seek(start)
        return stream if end is None else cast(BinaryIO, _Bounded(stream, end - start))

    def metadata(self, item: RemoteObject) -> None:
        return None

    def put_if_absent(self, uri: str, body: bytes) -> bool:
        path = path_of(uri)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.parent / f".{uuid4().hex}"
        try:
            temporary.write_bytes(body)
            os.link(temporary, path)  # fails if it exists, and is never seen half-written
            return True
        except FileExistsError:
            return False
        finally:
            temporary.unlink(missing_ok=True)

    def remove(self, uri: str) -> None:
        path_of(uri).unlink(missing_ok=True)


class _Bounded:
    """The first `length` bytes of a stream."""

    def __init__(self, stream: BinaryIO, length: int) -> None:
        self.stream, self.left = stream, length

    def read(self, size: int = -1) -> bytes:
        size = self.left if size < 0 else min(size, self.left)
        block = self.stream.read(size) if size else b""
        self.left -= len(block)
        return block

    def close(self) -> None:
        self.stream.close()


def _version(stat: os.stat_result) -> str:
    return f"{stat.st_size}-{stat.st_mtime_ns}"


def _item(path: Path) -> RemoteObject:
    stat = path.stat()
    when = datetime.fromtimestamp(stat.st_mtime, UTC)
    return RemoteObject(uri=uri_of(path), version=_version(stat), size=stat.st_size, modified=when)
