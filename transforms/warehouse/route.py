"""Staging rows to OCSF class tables: the Python half of the ocsf_route materialization.

New bronze rows are taken in batches of bounded size; each is made unique against the days that it touches, and every
class gets its rows in one append that carries `txn(ocsf/<source>, bronze version)`. What the model makes of a batch is
held in memory, or given again for each class where that costs less: of records that are rows of columns. Classes may
stand at different versions after a crash; a batch never crosses the version of one of them, so each row is appended
once. Where bronze's log was cleaned up before it was consumed, all of bronze is gone through again: what is there is a
duplicate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb

from transforms.errors import ConfigError
from transforms.lake.rebuild import check_request
from transforms.lake.table import (
    ROW_GROUP,
    Changes,
    DataFile,
    Lake,
    LogGone,
    Reading,
    Snapshot,
    Table,
    ocsf_txn,
    reading_of,
)
from transforms.settings import Settings
from transforms.sources import get
from transforms.warehouse.inputs import in_parts, view_of
from transforms.warehouse.places import Places
from transforms.warehouse.session import identifier, literal, scan
from transforms.warehouse.staged import Batch, Staged

FEW_DAYS = 4
UNHELD = 4
"""How many times as large a batch is whose rows are not held in memory."""
LOST = 20
"""Times in a row that a batch may be lost to a rival before the model fails."""


@dataclass(slots=True)
class Routed:
    """What one staging model did: rows by class table, and what was read of bronze and of earlier OCSF rows."""

    model: str
    source: str
    batches: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    collisions: int = 0
    unreadable: int = 0
    unseen: str | None = None
    """Why bronze was read from its snapshot, where its log was cleaned up before it was consumed."""
    new: Reading = field(default_factory=Reading)
    seen: Reading = field(default_factory=Reading)


def route(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    lake: Lake,
    *,
    model: str,
    sql: str,
    source: str,
    classes: Mapping[str, int],
    opened: dict[str, Snapshot],
    places: Places,
) -> Routed:
    """Work off what a staging model has not consumed. `sql` reads catchment_new."<model>__bronze__<source>".

    `classes` are the class tables that it declares, with their class_uid; `opened` are tables of the lake that are
    open in this run, which it adds to; `places` know what sources do not say of addresses. Raises RetryableError where
    one of the tables is of another rebuild than this run.
    """
    result = Routed(model, source)
    bronze = lake.table(f"bronze/{source}")
    if not bronze.exists():
        return result
    app = ocsf_txn(source)
    in_columns = get(source).table is not None
    limit = settings.batch_bytes * (UNHELD if in_columns else 1)
    head = bronze.open()
    lost = 0
    again: list[Sequence[DataFile]] = []
    while True:
        for name in classes:
            table = lake.table(f"ocsf/{name}")
            opened[table.name] = opened[table.name].newer() if table.name in opened else table.open()
            check_request(opened[table.name], lake.rebuilds)
        snapshots = {name: opened[f"ocsf/{name}"] for name in classes}
        progress = {name: s.progress(app) for name, s in snapshots.items()}
        start = min(progress.values())
        stop = min([p for p in progress.values() if p > start] + [max(head.version, start)])
        behind = {name: s for name, s in snapshots.items() if progress[name] == start}
        files: Sequence[DataFile]
        end: int | None
        if not again:
            try:
                files, end = take(head, start, stop, limit)
            except LogGone as error:
                result.unseen = str(error) if start >= 0 else None
                everything = sorted(head.files(), key=lambda f: (str(f.partition["event_date"]), f.path))
                again = [part["bronze"] for part in in_parts({"bronze": everything}, limit)] or [[]]
        if again:
            behind = {name: s for name, s in snapshots.items() if progress[name] < head.version}
            if not behind:
                return result
            files, end = again[0], head.version if len(again) == 1 else None
        if files:
            done = _batch(
                con, lake, result, model, sql, source, app, files, end, snapshots, behind, classes, in_columns, places
            )
        elif again or stop < head.version or stop not in (start, head.version):
            step = head.version if again else stop
            lost_any = [s for s in behind.values() if not s.table.commit_on(s, Changes(progress={app: step}))]
            done = not lost_any
        else:
            return result
        if done and again:
            again.pop(0)
        lost = 0 if done else lost + 1
        if lost >= LOST:
            raise ConfigError(f"{model}: lost {LOST} batches in a row to another build; let one finish")


def take(head: Snapshot, start: int, stop: int, limit: int) -> tuple[list[DataFile], int]:
    """Files of the versions after `start`, until `limit` bytes or version `stop`, and the last version taken."""
    files: list[DataFile] = []
    size, end = 0, start
    for version, added in head.added(start):
        if version > stop or (files and size + sum(f.size for f in added) > limit):
            break
        files += added
        size += sum(f.size for f in added)
        end = version
    return files, end


def _batch(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    result: Routed,
    model: str,
    sql: str,
    source: str,
    app: str,
    files: Sequence[DataFile],
    end: int | None,
    snapshots: Mapping[str, Snapshot],
    behind: Mapping[str, Snapshot],
    classes: Mapping[str, int],
    in_columns: bool,
    places: Places,
) -> bool:
    """Compute and commit one batch, which brings those behind to version `end`, or leaves them where they are.

    False: a rival committed one of the classes first, its part was not written.
    """
    days = {f.partition["event_date"] for f in files}
    earlier = {name: [f for f in s.files() if f.partition["event_date"] in days] for name, s in snapshots.items()}
    batch = Batch(
        con=con,
        lake=lake,
        source=source,
        sql=sql,
        view=view_of("new", model, f"bronze/{source}"),
        rows=scan(lake.table(f"bronze/{source}"), files),
        earlier=earlier,
        places=places,
    )
    try:
        staged = (batch.give() if in_columns else None) or batch.hold()
        strange = set(staged.days) - set(classes.values())
        if strange:
            strangers = ", ".join(sorted(str(c) for c in strange))
            raise ConfigError(
                f"{model}: routes rows to class {strangers}, which it does not declare with ref('ocsf_...')"
            )
        done = True
        for name, snapshot in behind.items():
            written = _write(con, lake, snapshot, staged, classes[name])
            come = snapshot.progress(app) if end is None else end
            if snapshot.table.commit_on(snapshot, Changes(files=written, progress={app: come})):
                result.rows[name] += sum(f.rows for f in written)
            else:
                lake.remove(snapshot.table, written)
                done = False
        if done:
            result.batches += 1
            result.duplicates += staged.duplicates
            result.collisions += staged.collisions
            result.unreadable += staged.unreadable
            result.new += reading_of(files)
            for table_files in earlier.values():
                result.seen += reading_of(table_files)
        return done
    finally:
        batch.end()


def _write(
    con: duckdb.DuckDBPyConnection, lake: Lake, snapshot: Snapshot, staged: Staged, class_uid: int
) -> list[DataFile]:
    """Write one class's staged rows as Parquet by day, in the columns of its contract; commits nothing."""
    days = staged.days.get(class_uid)
    if not days:
        return []
    have = {name: kind for name, kind, *_ in con.execute(f"describe select s.* from {staged.rows}").fetchall()}
    contract = {name: kind for name, kind, *_ in _contract(con, snapshot.table.name.split("/")[1])}
    columns = []
    for name, kind in contract.items():
        if name == "id_collision":
            columns.append("coalesce(v.is_collision, false) as id_collision")
        elif name in have and have[name] != kind:
            raise ConfigError(
                f"{snapshot.table.name}: column {name} is {kind} in the contract, {have[name]} in the staging model"
            )
        elif name in staged.filled:
            columns.append(f"cast({staged.filled[name]} as {kind}) as {identifier(name)}")
        else:
            columns.append(f"s.{identifier(name)}" if name in have else f"cast(null as {kind}) as {identifier(name)}")
    select = (
        f"select {', '.join(columns)} from {staged.rows} "
        f"where s.class_uid = {class_uid} and not coalesce(v.is_duplicate, false)"
    )
    return copy_to(con, lake, snapshot, select, days)


def _contract(con: duckdb.DuckDBPyConnection, name: str) -> list[tuple[str, str]]:
    return con.execute(f"describe ocsf.{identifier(name + '__contract')}").fetchall()


def copy_to(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    snapshot: Snapshot,
    select: str,
    days: Sequence[date | str | None],
    stats: Sequence[str] = ("time",),
) -> list[DataFile]:
    """The engine writes rows as zstd Parquet under the table, by event_date; describes the files, commits nothing.

    `days` are those that the rows fall on. Up to FEW_DAYS are written one after the other: the engine's own split by
    partition holds all rows in memory a second time, and takes three times as long where that memory is short.
    """
    table = snapshot.table
    if None in days or len(days) > FEW_DAYS:
        if lake.local:
            Path(table.uri).mkdir(parents=True, exist_ok=True)
        pattern = f"part-{uuid4().hex}-{{i}}.zstd"
        options = f"partition_by (event_date), filename_pattern {literal(pattern)}, overwrite_or_ignore true"
        return _copy(con, table, select, table.uri, options, {}, stats)
    files = []
    for day in sorted(str(d) for d in days):
        path = f"{table.uri}/{table.new_path({'event_date': day})}"
        if lake.local:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        one_day = f"select * exclude (event_date) from ({select}) where event_date = date '{day}'"
        files += _copy(con, table, one_day, path, "overwrite_or_ignore true", {"event_date": day}, stats)
    return files


def _copy(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    select: str,
    place: str,
    options: str,
    partition: Mapping[str, str],
    stats: Sequence[str],
) -> list[DataFile]:
    cursor = con.execute(
        f"copy ({select}) to {literal(place)} (format parquet, compression zstd, compression_level 1, "
        f"row_group_size {ROW_GROUP}, return_stats true, {options})"
    )
    files = []
    for filename, count, size, _footer, column_stats, keys in cursor.fetchall():
        if not count:
            continue
        ranges = {name.strip('"'): dict(values) for name, values in _pairs(column_stats)}  # names come quoted
        low = {c: int(ranges[c]["min"]) for c in stats if "min" in ranges.get(c, {})}
        high = {c: int(ranges[c]["max"]) for c in stats if "max" in ranges.get(c, {})}
        nulls = {
            name: int(values["null_count"])
            for name, values in ranges.items()
            if "null_count" in values and "." not in name
        }
        path = str(filename)[len(table.uri) + 1 :]
        files.append(
            DataFile(
                path=path,
                partition={**partition, **{str(k): str(v) for k, v in _pairs(keys)}},
                rows=int(count),
                size=int(size),
                stats={"minValues": low, "maxValues": high, "nullCount": nulls},
            )
        )
    return files


def _pairs(value: Any) -> list[tuple[str, Any]]:
    """DuckDB gives maps as dicts or as lists of pairs, by version."""
    if isinstance(value, dict):
        if set(value) == {"key", "value"}:
            return list(zip(value["key"], value["value"], strict=True))
        return list(value.items())
    return [(k, v) for k, v in value or []]
