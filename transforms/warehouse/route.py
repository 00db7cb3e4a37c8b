"""Staging rows to OCSF class tables: the Python half of the ocsf_route materialization.

New bronze rows are taken in batches of bounded size; each is parsed once, made unique against the days that it touches,
and every class gets its rows in one append that carries `txn(ocsf/<source>, bronze version)`. Classes may stand at
different versions after a crash; a batch never crosses the version of one of them, so each row is appended once. Where
bronze's log was cleaned up before it was consumed, all of bronze is gone through again: what is there is a duplicate.
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
from transforms.lake.table import Changes, DataFile, Lake, LogGone, Reading, Snapshot, Table, ocsf_txn, reading_of
from transforms.settings import Settings
from transforms.warehouse.inputs import in_parts
from transforms.warehouse.session import identifier, literal, scan

FEW_DAYS = 4
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
) -> Routed:
    """Work off what a staging model has not consumed. `sql` reads catchment_new."<model>__bronze__<source>".

    `classes` are the class tables that it declares, with their class_uid. Raises RetryableError where one of them is
    of another rebuild than this run.
    """
    result = Routed(model, source)
    bronze = lake.table(f"bronze/{source}")
    if not bronze.exists():
        return result
    app = ocsf_txn(source)
    head = bronze.open()
    lost = 0
    again: list[Sequence[DataFile]] = []
    while True:
        snapshots = {name: lake.table(f"ocsf/{name}").open() for name in classes}
        for snapshot in snapshots.values():
            check_request(snapshot, lake.rebuilds)
        progress = {name: s.progress(app) for name, s in snapshots.items()}
        start = min(progress.values())
        stop = min([p for p in progress.values() if p > start] + [max(head.version, start)])
        behind = {name: s for name, s in snapshots.items() if progress[name] == start}
        files: Sequence[DataFile]
        end: int | None
        if not again:
            try:
                files, end = take(head, start, stop, settings.batch_bytes)
            except LogGone as error:
                result.unseen = str(error) if start >= 0 else None
                everything = sorted(head.files(), key=lambda f: (str(f.partition["event_date"]), f.path))
                again = [part["bronze"] for part in in_parts({"bronze": everything}, settings.batch_bytes)] or [[]]
        if again:
            behind = {name: s for name, s in snapshots.items() if progress[name] < head.version}
            if not behind:
                return result
            files, end = again[0], head.version if len(again) == 1 else None
        if files:
            done = _batch(con, lake, result, model, sql, source, app, files, end, snapshots, behind, classes)
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
) -> bool:
    """Compute and commit one batch, which brings those behind to version `end`, or leaves them where they are.

    False: a rival committed one of the classes first, its part was not written.
    """
    days = {f.partition["event_date"] for f in files}
    earlier = {name: [f for f in s.files() if f.partition["event_date"] in days] for name, s in snapshots.items()}
    bronze = lake.table(f"bronze/{source}")
    try:
        unreadable = _stage(con, model, sql, source, scan(bronze, files))
        counts = _unique(con, lake, source, earlier)
        present = dict(con.execute("select class_uid, count(*) from catchment_work.staged group by all").fetchall())
        strange = set(present) - set(classes.values())
        if strange:
            strangers = ", ".join(sorted(str(c) for c in strange))
            raise ConfigError(
                f"{model}: routes rows to class {strangers}, which it does not declare with ref('ocsf_...')"
            )
        done = True
        for name, snapshot in behind.items():
            class_uid = classes[name]
            written = _write(con, lake, snapshot, class_uid) if class_uid in present else []
            come = snapshot.progress(app) if end is None else end
            if snapshot.table.commit_on(snapshot, Changes(files=written, progress={app: come})):
                result.rows[name] += sum(f.rows for f in written)
            else:
                lake.remove(snapshot.table, written)
                done = False
        if done:
            result.batches += 1
            result.duplicates += counts[0]
            result.collisions += counts[1]
            result.unreadable += unreadable
            result.new += reading_of(files)
            for table_files in earlier.values():
                result.seen += reading_of(table_files)
        return done
    finally:
        for name in ("staged", "verdict", "known", "suspect"):
            con.execute(f"drop table if exists catchment_work.{name}")


def _stage(con: duckdb.DuckDBPyConnection, model: str, sql: str, source: str, rows: str) -> int:
    """Run the model's SQL into catchment_work.staged. Rows whose text the engine cannot parse come with raw = NULL."""
    con.execute("create schema if not exists catchment_new")
    con.execute("create schema if not exists catchment_work")
    view = f"catchment_new.{identifier(f'{model}__bronze__{source}')}"
    create = f"create or replace table catchment_work.staged as {sql}"
    con.execute(f"create or replace view {view} as select * from {rows}")
    try:
        con.execute(create)
        return 0
    except duckdb.InvalidInputException as error:
        if "JSON" not in str(error):
            raise
    con.execute(
        f"create or replace view {view} as select * replace (case when json_valid(raw) then raw end as raw) from {rows}"
    )
    con.execute(create)
    count = con.execute(f"select count(*) from {view} where raw is null").fetchall()
    return int(count[0][0])


def _unique(
    con: duckdb.DuckDBPyConnection, lake: Lake, source: str, earlier: Mapping[str, Sequence[DataFile]]
) -> tuple[int, int]:
    """Decide which staged rows are duplicates and which collide; (duplicates, collisions).

    A duplicate has the event_uid and the text of a row that is there or comes earlier in the batch. A row with the
    event_uid but another text is kept and flagged: some ids are chosen by clients.
    """
    parts = [
        f"select event_uid, raw_data_hash from {scan(lake.table(f'ocsf/{name}'), files)} "
        f"where source = {literal(source)}"
        for name, files in earlier.items()
        if files
    ]
    con.execute(
        "create or replace table catchment_work.known as "
        + (
            f"select k.event_uid, k.raw_data_hash from ({' union all '.join(parts)}) k "
            "where k.event_uid in (select event_uid from catchment_work.staged)"
            if parts
            else "select null::varchar as event_uid, null::varchar as raw_data_hash where false"
        )
    )
    con.execute(
        """
        create or replace table catchment_work.suspect as
        select event_uid from catchment_work.known
        union
        select event_uid from catchment_work.staged group by event_uid having count(*) > 1
        """
    )
    con.execute(
        """
        create or replace table catchment_work.verdict as
        with texts as (
            select s.rowid as row, s.event_uid, s.raw_data_hash,
                row_number() over (
                    partition by s.event_uid, s.raw_data_hash order by s.object_uri, s.record_no
                ) as copy,
                dense_rank() over (partition by s.event_uid order by s.raw_data_hash) as text
            from catchment_work.staged s
            where s.event_uid in (select event_uid from catchment_work.suspect)
        ),
        uids as (select distinct event_uid from catchment_work.known),
        pairs as (select distinct event_uid, raw_data_hash from catchment_work.known)
        select t.row,
            t.copy > 1 or p.event_uid is not null as is_duplicate,
            u.event_uid is not null or t.text > 1 as is_collision
        from texts t
        left join uids u on u.event_uid = t.event_uid
        left join pairs p on p.event_uid = t.event_uid and p.raw_data_hash is not distinct from t.raw_data_hash
        """
    )
    counts = con.execute(
        "select count(*) filter (is_duplicate), count(*) filter (not is_duplicate and is_collision) "
        "from catchment_work.verdict"
    ).fetchall()
    return int(counts[0][0]), int(counts[0][1])


def _write(con: duckdb.DuckDBPyConnection, lake: Lake, snapshot: Snapshot, class_uid: int) -> list[DataFile]:
    """Write one class's staged rows as Parquet by day, in the columns of its contract; commits nothing."""
    have = {name: kind for name, kind, *_ in con.execute("describe catchment_work.staged").fetchall()}
    contract = {name: kind for name, kind, *_ in _contract(con, snapshot.table.name.split("/")[1])}
    columns = []
    for name, kind in contract.items():
        if name == "id_collision":
            columns.append("coalesce(v.is_collision, false) as id_collision")
        elif name in have and have[name] != kind:
            raise ConfigError(
                f"{snapshot.table.name}: column {name} is {kind} in the contract, {have[name]} in the staging model"
            )
        else:
            columns.append(f"s.{identifier(name)}" if name in have else f"cast(null as {kind}) as {identifier(name)}")
    select = (
        f"select {', '.join(columns)} from catchment_work.staged s "
        "left join catchment_work.verdict v on v.row = s.rowid "
        f"where s.class_uid = {class_uid} and not coalesce(v.is_duplicate, false)"
    )
    days = con.execute(
        f"select distinct event_date from catchment_work.staged where class_uid = {class_uid}"
    ).fetchall()
    return copy_to(con, lake, snapshot, select, [day for (day,) in days])


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
        f"row_group_size 65536, return_stats true, {options})"
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
