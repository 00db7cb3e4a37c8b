"""Does a store keep its word on conditional put? Every commit of the lake hangs on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

from transforms.errors import ConfigError, RetryableError
from transforms.readers.base import ObjectStore, open_store
from transforms.readers.remote import shown

THREADS = 8
ROUNDS = 5


_trusted: set[str] = set()


def check_store(uri: str, environment: Mapping[str, str]) -> None:
    """Probe the object store that a lake lies on, once in a process. A local folder needs no probe.

    Raises ConfigError where the store would lose commits.
    """
    if "://" in uri and uri not in _trusted:
        store = open_store(uri, environment)
        probe_conditional_put(store, store.root)
        _trusted.add(uri)


def probe_conditional_put(store: ObjectStore, root: str) -> None:
    """Put the same new object below `root` one after the other, then from THREADS at once in ROUNDS rounds.

    Raises ConfigError when more than one put of a key succeeds: such a store loses commits without a word.
    Leaves nothing behind.
    """
    name = f"{root.rstrip('/')}/_probe-{uuid4().hex}"
    _round(store, f"{name}-0", lambda uri: [store.put_if_absent(uri, b"1"), store.put_if_absent(uri, b"2")])
    barrier = Barrier(THREADS)

    def contend(uri: str) -> list[bool]:
        def put(body: bytes) -> bool:
            barrier.wait(timeout=60)
            return store.put_if_absent(uri, body)

        return list(pool.map(put, [str(i).encode() for i in range(THREADS)]))

    with ThreadPoolExecutor(THREADS) as pool:
        for number in range(ROUNDS):
            _round(store, f"{name}-{number + 1}", contend)


def _round(store: ObjectStore, uri: str, puts: Callable[[str], list[bool]]) -> None:
    try:
        winners = sum(puts(uri))
    finally:
        store.remove(uri)
    if winners > 1:
        raise ConfigError(
            f"{shown(store.root)}: the store does not enforce conditional put ({winners} puts of one new "
            "object succeeded); concurrent commits would be lost"
        )
    if winners == 0:
        raise RetryableError(f"{shown(store.root)}: no put of a new object succeeded")
