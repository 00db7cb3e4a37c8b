"""Derived tables begin anew: OCSF tables from bronze after a changed mapping, rollups and marts after changed SQL.

A request is one commit to ops/rebuilds, and all that must not get lost. Whoever fills a table finds that the table has
not honoured it, and begins it anew: one commit that removes every file, takes the progress back and counts the
generation up. From there on it is the everyday path, which may be killed and doubled.

A table is emptied, never dropped. Its versions go on, so no consumer's progress can be ahead of it; a consumer that
finds another generation than it consumed starts from the snapshot; and a writer that still holds the table as it was
loses its commit, where after a drop it would have written into the log of the new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import pyarrow as pa

from transforms.errors import ConfigError, RetryableError
from transforms.lake.schemas import TIMESTAMP
from transforms.lake.table import GENERATION, Changes, Lake, Snapshot, ocsf_txn

LAYERS = ("ocsf", "rollups", "marts")
REQUESTS = pa.schema([("layer", pa.string()), ("request", pa.int64()), ("requested_at", TIMESTAMP)])
HONOURED = "rebuild"
"""The txn of a derived table that says which request it has honoured."""


def requested(lake: Lake) -> dict[str, int]:
    """The latest request by layer; 0 where there was none. Read it before the models are: a run must not fill a new
    generation by the SQL that it replaces."""
    table = lake.table("ops/rebuilds")
    if not table.exists():
        return dict.fromkeys(LAYERS, 0)
    snapshot = table.open()
    return {layer: max(snapshot.progress(layer), 0) for layer in LAYERS}


def request(lake: Lake, layer: str) -> int:
    """Ask for a layer to begin anew; those above it follow by themselves. Returns the request's number.

    Raises ConfigError for an unknown layer.
    """
    if layer not in LAYERS:
        raise ConfigError(f"rebuild: no layer {layer!r}; known are {', '.join(LAYERS)}")
    table = lake.table("ops/rebuilds")
    table.create(REQUESTS, [], "Rebuilds that were asked for")
    number = 0

    def work(snapshot: Snapshot) -> Changes:
        nonlocal number
        number = max(snapshot.progress(layer), 0) + 1
        row = {"layer": layer, "request": number, "requested_at": datetime.now(UTC)}
        return Changes(files=table.write(pa.Table.from_pylist([row], schema=REQUESTS)), progress={layer: number})

    table.commit(work)
    return number


def honoured(snapshot: Snapshot) -> int:
    """The request that a table has honoured."""
    return max(snapshot.progress(HONOURED), 0)


def anew(snapshot: Snapshot, request: int) -> dict[str, int]:
    """The progress that a commit carries which begins a table anew."""
    return {GENERATION: snapshot.generation + 1, HONOURED: request}


def until_txn(source: str) -> str:
    """The txn of a class table that says up to which bronze version of a source its rebuild goes."""
    return f"rebuild/{source}"


def begin_class(lake: Lake, name: str, sources: Iterable[str], request: int) -> None:
    """Begin a class table anew, unless it has honoured the request. `sources` are those that are routed to it.

    The commit names the progress of every source that may write to the table, so that each writer who holds the table
    as it was is refused.
    """
    if not request:
        return
    table = lake.table(f"ocsf/{name}")

    def work(snapshot: Snapshot) -> Changes | None:
        if honoured(snapshot) >= request:
            return None
        landed = lake.names("bronze")
        progress = anew(snapshot, request)
        for source in {*landed, *sources}:
            filled = source in sources and source in landed
            progress[ocsf_txn(source)] = -1
            progress[until_txn(source)] = lake.table(f"bronze/{source}").open().version if filled else -1
        return Changes(removed=snapshot.files(), progress=progress)

    table.commit(work)


def check_request(snapshot: Snapshot, requests: Mapping[str, int]) -> None:
    """Raise RetryableError where a class table is of another rebuild than this run."""
    done, wanted = honoured(snapshot), requests.get("ocsf", 0)
    if done != wanted:
        when = "was asked for" if done < wanted else "began meanwhile"
        raise RetryableError(f"{snapshot.table.name}: a rebuild {when}; run `catchment build`")


def check_class(snapshot: Snapshot, requests: Mapping[str, int]) -> None:
    """Raise RetryableError where a class table is not whole, or of another rebuild than this run: what is not there
    yet would be taken for what never was, and findings withdrawn for it."""
    check_request(snapshot, requests)
    if honoured(snapshot) == 0:
        return
    for source in snapshot.table.lake.names("bronze"):
        until = snapshot.progress(until_txn(source))
        if until >= 0 and (come := snapshot.progress(ocsf_txn(source))) < until:
            raise RetryableError(
                f"{snapshot.table.name}: is being rebuilt, has come to version {max(come, 0)} of {until} "
                f"of bronze/{source}; run `catchment build`"
            )
