"""What every object store looks like to the landing code.

A store lists, reads and puts; it knows nothing of sources, records or Delta. One module a scheme
(`local`, `s3`, `azure`, `gcs`), found by name, each with `open_store(uri, environment) -> ObjectStore`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from transforms.errors import ConfigError

MODULES = {"file": "local", "s3": "s3", "az": "azure", "gs": "gcs"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteObject:
    """One version of one object. `version` is the store's own (etag, generation); `size` in bytes."""

    uri: str
    version: str
    size: int
    modified: datetime
    attributes: str | None = None  # JSON: what the transport knows and the body does not

    @property
    def is_folder(self) -> bool:
        """Whether it only stands for a folder, as consoles of S3 and Cloud Storage make them."""
        return not self.size and self.uri.endswith("/")


@dataclass(frozen=True, slots=True)
class Listing:
    """One level of a bucket: sub-prefixes (URIs ending in '/') and the objects right below the prefix."""

    prefixes: list[str]
    objects: list[RemoteObject]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifications:
    """Objects that were announced, and the way to forget the announcements.

    `acknowledge` deletes the messages that were understood; call it after the plan is committed. `skipped`
    counts those that were not: they stay, and the queue's own policy takes them to a dead-letter queue.
    """

    objects: list[RemoteObject]
    acknowledge: Callable[[], None]
    skipped: int


class ObjectStore(Protocol):
    """Errors: RetryableError (throttled, unreachable), ConfigError (forbidden, no such bucket), ObjectGone."""

    root: str
    """URI that the store was opened on, without a trailing slash."""

    def level(self, prefix: str) -> Listing:
        """One delimiter listing below `prefix` (a URI that ends in '/')."""
        ...

    def walk(self, prefix: str, start_after: str | None = None) -> Iterator[RemoteObject]:
        """Every object below `prefix`, in key order, after the URI `start_after`."""
        ...

    def open(self, item: RemoteObject, start: int = 0, end: int | None = None, *, pin: bool = True) -> BinaryIO:
        """Bytes [start, end) as a stream. With `pin` only of that version: raises ObjectGone if it changed."""
        ...

    def metadata(self, item: RemoteObject) -> Mapping[str, str] | None:
        """What was put beside that version's bytes, by lower-case names; None where the store keeps no such thing.

        Raises ObjectGone if it changed.
        """
        ...

    def put_if_absent(self, uri: str, body: bytes) -> bool:
        """Create an object; False if it exists already. Atomic: a reader sees all of it or nothing."""
        ...

    def remove(self, uri: str) -> None:
        """Delete an object that Catchment itself put; nothing happens if it is gone. Never called on logs."""
        ...


def scheme_of(uri: str) -> str:
    return uri.split("://", 1)[0] if "://" in uri else "file"


def open_store(uri: str, environment: Mapping[str, str]) -> ObjectStore:
    """The store for a URI (or a plain path). Raises ConfigError for a scheme that no reader knows."""
    scheme = scheme_of(uri)
    if scheme not in MODULES:
        known = ", ".join(f"{s}://" for s in MODULES)
        raise ConfigError(f"{uri}: no reader for {scheme}://; known are {known} and a plain folder")
    module = importlib.import_module(f"transforms.readers.{MODULES[scheme]}")
    store: ObjectStore = module.open_store(uri.rstrip("/") or "/", environment)
    return store
