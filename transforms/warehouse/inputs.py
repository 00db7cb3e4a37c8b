"""What a model reads of its inputs: the rows of the versions that it has not consumed, and the days that they touch.

Every file is named to the engine, so what a run reads is known, and counted, before it reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeAlias

import duckdb

from transforms.errors import ConfigError, RetryableError
from transforms.lake.rebuild import HONOURED, check_class, honoured
from transforms.lake.table import GENERATION, DataFile, Lake, LogGone, Snapshot
from transforms.warehouse.session import empty, identifier, scan

Reach: TypeAlias = tuple[timedelta, timedelta]
"""How far back and ahead of its own day a row reads."""
CONSUMED = {"ocsf_": "ocsf", "rollup_": "rollups"}
"""Models whose tables others consume, by the prefix of their names: these are appended to, or begun anew."""


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
    """The input tables of one run, each opened once: every model that shares it sees the same versions.

    opened: tables that are open in this run, from which those are taken that become inputs.
    """

    def __init__(self, lake: Lake, opened: dict[str, Snapshot] | None = None) -> None:
        self.lake = lake
        self.opened = opened if opened is not None else {}
        self.snapshots: dict[str, Snapshot] = {}
        self._files: dict[str, list[DataFile]] = {}
        self._days: dict[str, dict[str, list[DataFile]]] = {}
        self._added: dict[tuple[str, int], list[DataFile]] = {}
        self._newest: dict[tuple[str, int], datetime | None] = {}

    def open(self, name: str) -> Snapshot:
        """An input's snapshot. Raises RetryableError while a class table is being rebuilt."""
        if name not in self.snapshots:
            snapshot = self.opened.pop(name).newer() if name in self.opened else self.lake.table(name).open()
            if name.startswith("ocsf/"):
                check_class(snapshot, self.lake.rebuilds)
            self.snapshots[name] = snapshot
        return self.snapshots[name]

    def files(self, name: str) -> list[DataFile]:
        if name not in self._files:
            self._files[name] = self.open(name).files()
        return self._files[name]

    def days(self, name: str) -> dict[str, list[DataFile]]:
        """The files by the day that they hold."""
        if name not in self._days:
            self._days[name] = by_day(self.files(name))
        return self._days[name]

    def added(self, name: str, after: int) -> list[DataFile]:
        """Files of the versions after `after`. Raises LogGone."""
        if (name, after) not in self._added:
            self._added[name, after] = [f for _, files in self.open(name).added(after) for f in files]
        return self._added[name, after]

    def newest_event(self, source: str, version: int) -> datetime | None:
        """The latest event time in a source's bronze table at a version, from the log; None before the first event, and
        where the log no longer reaches back so far."""
        if (source, version) not in self._newest:
            table = self.lake.table(f"bronze/{source}")
            try:
                self._newest[source, version] = table.open(version).latest("event_time") if version >= 0 else None
            except LogGone:
                self._newest[source, version] = None
        return self._newest[source, version]


@dataclass(frozen=True, slots=True)
class Unseen:
    """Versions of an input that a model had not consumed when its log was cleaned up, and what is missing of them."""

    first: int
    last: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """What a model has not consumed: files by input, and the progress that its commit will carry (none: nothing new).

    snapshot: it starts from the snapshot, and `files` are all there are. rebuilt: what it consumed before may be no
    longer so. unseen: inputs whose log was cleaned up before it was consumed.
    """

    files: Mapping[str, list[DataFile]] = field(default_factory=dict)
    progress: Mapping[str, int] = field(default_factory=dict)
    snapshot: bool = False
    rebuilt: bool = False
    unseen: Mapping[str, Unseen] = field(default_factory=dict)


def consume(inputs: Inputs, consumer: Snapshot, model: str, names: Sequence[str], *, layer: str = "") -> Fresh:
    """What a model has not consumed of its inputs. `consumer` is the table that its progress is committed to.

    The versions after the last ones; or the whole snapshot of every input, where one of them is new to the model,
    began anew since, or can no longer tell what it added, or where the model's own layer was asked to begin anew.
    Raises RetryableError where another run has consumed an input that began anew after it was opened here.
    """
    files: dict[str, list[DataFile]] = {}
    progress: dict[str, int] = {}
    unseen: dict[str, Unseen] = {}
    new = False
    asked = inputs.lake.rebuilds.get(layer, 0)
    rebuilt = honoured(consumer) < asked
    if rebuilt:
        progress[HONOURED] = asked
    for name in names:
        app, head = progress_txn(model, name), inputs.open(name)
        consumed, generation = consumer.progress(app), max(consumer.progress(f"{app}/{GENERATION}"), 0)
        if generation > head.generation:
            raise RetryableError(f"{name}: began anew while this run went on; the next one reads it")
        if generation < head.generation:
            rebuilt |= consumed >= 0
            progress[f"{app}/{GENERATION}"] = head.generation
        if head.version > consumed:
            progress[app] = head.version
        new |= consumed < 0
        if new or rebuilt:
            continue
        try:
            files[name] = inputs.added(name, consumed)
        except LogGone as error:
            unseen[name] = Unseen(consumed + 1, head.version, str(error))
    snapshot = bool(names) and (new or rebuilt or bool(unseen))
    if snapshot:
        files = {name: inputs.files(name) for name in names}
        progress |= {progress_txn(model, name): inputs.open(name).version for name in names}
    return Fresh(files=files, progress=progress, snapshot=snapshot, rebuilt=rebuilt, unseen=unseen)


def by_day(files: Iterable[DataFile]) -> dict[str, list[DataFile]]:
    """Files by the day that they hold."""
    found: dict[str, list[DataFile]] = {}
    for f in files:
        found.setdefault(str(f.partition["event_date"]), []).append(f)
    return found


def around(day: str, back: timedelta, ahead: timedelta) -> set[str]:
    """The days from `back` before this one to `ahead` after it."""
    here = date.fromisoformat(day)
    return {(here + timedelta(n)).isoformat() for n in range(-back.days, ahead.days + 1)}


def needed(days: Iterable[str], files: Mapping[str, Sequence[DataFile]], reach: Reach) -> list[DataFile]:
    """The files of one table, by day, that some days read."""
    wanted = {near for day in days for near in around(day, *reach)}
    return [f for day, several in files.items() if day in wanted for f in several]


def day_groups(
    opened: Sequence[str],
    live: Mapping[str, Mapping[str, Sequence[DataFile]]],
    reach: Mapping[str, Reach],
    limit: int,
) -> list[list[str]]:
    """The opened days in consecutive groups, each of which reads at most `limit` bytes of the days around it, or twice
    what its first day alone must read."""

    def size(days: Sequence[str]) -> int:
        return sum(f.size for name, files in live.items() for f in needed(days, files, reach[name]))

    groups: list[list[str]] = []
    for day in opened:
        if groups and size([*groups[-1], day]) <= max(limit, 2 * size(groups[-1][:1])):
            groups[-1].append(day)
        else:
            groups.append([day])
    return groups


def view_of(kind: str, model: str, name: str) -> str:
    """The view by which a model's SQL reads a table: what is "new" in it, or what it has "seen"."""
    return f"catchment_{kind}.{identifier(model + '__' + name.replace('/', '__'))}"


def input_view(
    con: duckdb.DuckDBPyConnection, inputs: Inputs, kind: str, model: str, name: str, files: Sequence[DataFile]
) -> None:
    """Create the view that new_rows ("new") or seen_rows ("seen") of one input stand for, over exactly these files."""
    table = inputs.lake.table(name)
    relation = scan(table, files) if files else empty(table, con)
    con.execute(f"create schema if not exists catchment_{kind}")
    con.execute("create schema if not exists catchment_work")
    con.execute(f"create or replace view {view_of(kind, model, name)} as select * from {relation}")


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
