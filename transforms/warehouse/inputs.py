"""What a model reads of its inputs: the rows of the versions that it has not consumed, and the days that they touch.

Every file is named to the engine, so what a run reads is known, and counted, before it reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import duckdb

from transforms.errors import ConfigError
from transforms.lake.table import DataFile, Lake, Snapshot
from transforms.warehouse.session import empty, identifier, scan

CONSUMED = {"ocsf_": "ocsf", "rollup_": "rollups"}
"""Models whose tables others consume, by the prefix of their names: these tables are only ever appended to."""


def progress_txn(model: str, name: str) -> str:
    """The txn that says how far a model has come in one of its input tables."""
    return f"{model}/{name}"


def tables_of(refs: Sequence[str]) -> list[str]:
    """The tables among a model's refs that it consumes version by version, such as `ocsf/api_activity`; each once."""
    return [
        f"{folder}/{ref.removeprefix(prefix)}"
        for ref in dict.fromkeys(refs)
        for prefix, folder in CONSUMED.items()
        if ref.startswith(prefix)
    ]


class Inputs:
    """The input tables of one run, each opened once: every model that shares it sees the same versions."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.snapshots: dict[str, Snapshot] = {}
        self._files: dict[str, list[DataFile]] = {}
        self._added: dict[tuple[str, int], list[DataFile]] = {}
        self._newest: dict[tuple[str, int], datetime | None] = {}

    def open(self, name: str) -> Snapshot:
        if name not in self.snapshots:
            self.snapshots[name] = self.lake.table(name).open()
        return self.snapshots[name]

    def files(self, name: str) -> list[DataFile]:
        if name not in self._files:
            self._files[name] = self.open(name).files()
        return self._files[name]

    def added(self, name: str, after: int) -> list[DataFile]:
        """Files of the versions after `after`; every live file where nothing was consumed yet. Raises LogGone."""
        if (name, after) not in self._added:
            found = self.files(name) if after < 0 else [f for _, files in self.open(name).added(after) for f in files]
            self._added[name, after] = found
        return self._added[name, after]

    def newest_event(self, source: str, version: int) -> datetime | None:
        """The latest event time in a source's bronze table at a version, from the log; None before the first event."""
        if (source, version) not in self._newest:
            table = self.lake.table(f"bronze/{source}")
            self._newest[source, version] = table.open(version).latest("event_time") if version >= 0 else None
        return self._newest[source, version]


def input_view(
    con: duckdb.DuckDBPyConnection, inputs: Inputs, kind: str, model: str, name: str, files: Sequence[DataFile]
) -> None:
    """Create the view that new_rows ("new") or seen_rows ("seen") of one input stand for, over exactly these files."""
    table = inputs.lake.table(name)
    relation = scan(table, files) if files else empty(table, con)
    con.execute(f"create schema if not exists catchment_{kind}")
    con.execute("create schema if not exists catchment_work")
    view = f"catchment_{kind}.{identifier(model + '__' + name.replace('/', '__'))}"
    con.execute(f"create or replace view {view} as select * from {relation}")


def in_parts(files: Mapping[str, Sequence[DataFile]], limit: int) -> Iterator[dict[str, list[DataFile]]]:
    """Files by input, in parts of at most `limit` bytes; a single larger file is a part of its own."""
    part: dict[str, list[DataFile]] = {}
    size = 0
    for name, f in ((name, f) for name, several in files.items() for f in several):
        if part and size + f.size > limit:
            yield part
            part, size = {}, 0
        part.setdefault(name, []).append(f)
        size += f.size
    if part:
        yield part


def typed_like(con: duckdb.DuckDBPyConnection, contract: str, relation: str) -> str:
    """The columns of a contract relation, selected from another that must have just these, with these types.

    Raises ConfigError naming what is missing, not wanted, or of another type.
    """
    wanted = {name: kind for name, kind, *_ in con.execute(f"describe {contract}").fetchall()}
    have = {name: kind for name, kind, *_ in con.execute(f"describe {relation}").fetchall()}
    missing, extra = sorted(set(wanted) - set(have)), sorted(set(have) - set(wanted))
    wrong = [f"{n} is {have[n]}, not {kind}" for n, kind in wanted.items() if n in have and have[n] != kind]
    if missing or extra or wrong:
        raise ConfigError(
            f"{contract.removesuffix('__contract')}: the query differs from the contract: "
            f"missing {missing}, not wanted {extra}, of another type {wrong}"
        )
    return ", ".join(identifier(name) for name in wanted)


def days_in(con: duckdb.DuckDBPyConnection, relation: str) -> list[str]:
    """The days that a relation's rows fall on, as Delta names their partitions. Raises ConfigError for a NULL."""
    days = [day for (day,) in con.execute(f"select distinct event_date from {relation}").fetchall()]
    if None in days:
        raise ConfigError(f"{relation}: a row without event_date")
    return sorted(str(day) for day in days)


def days_of(files: Iterable[DataFile]) -> set[str]:
    """The days of some files."""
    return {str(f.partition["event_date"]) for f in files}
