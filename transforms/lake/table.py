"""Delta tables, and the commit protocol: the only code in the product that writes to Delta.

A commit carries, as Delta application transactions, how far its writer has come in each of its inputs. A txn alone
protects nobody, so: (1) open the handle, (2) read the txn, (3) compute what lies beyond it, (4) commit through that
same handle. A rival that committed in between makes (4) fail; then start again at (1).
"""

from __future__ import annotations

import json
import logging
import math
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from transforms.errors import ConfigError, RetryableError
from transforms.lake.arrow import spare_pandas
from transforms.lake.schemas import TIMESTAMP
from transforms.settings import Settings

log = logging.getLogger(__name__)
spare_pandas()
ATTEMPTS = 30
PARQUET = {"compression": "zstd", "compression_level": 1, "use_dictionary": False, "version": "2.6"}
ROW_GROUP = 1 << 16
"""Rows of a row group at most: engines share a file's row groups out to their threads."""
CONFIGURATION: dict[str, str | None] = {
    "delta.appendOnly": "true",
    "delta.enableChangeDataFeed": "true",
    "delta.checkpointInterval": "50",
    "delta.enableExpiredLogCleanup": "false",  # consumers read the log entry by entry
}
REPLACED: dict[str, str | None] = {"delta.appendOnly": "false", "delta.enableChangeDataFeed": "false"}
"""For a table whose days are replaced, or that is begun anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """One Parquet file of a table, as the Delta log describes it. `path` is relative to the table."""

    path: str
    partition: Mapping[str, str | None]
    rows: int
    size: int
    version: int = -1
    stats: Mapping[str, Any] = field(default_factory=dict)

    def low(self, column: str) -> Any:
        return self.stats.get("minValues", {}).get(column)

    def high(self, column: str) -> Any:
        return self.stats.get("maxValues", {}).get(column)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What one commit adds and removes: files that already exist, and how far the writer has come.

    Of a table that others consume version by version, only a commit that begins it anew removes files, and all of them.
    """

    files: Sequence[DataFile] = ()
    removed: Sequence[DataFile] = ()
    progress: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, counted from the log's own statistics: an incremental run can be checked against it."""

    files: int = 0
    rows: int = 0
    bytes: int = 0

    def __add__(self, other: Reading) -> Reading:
        return Reading(self.files + other.files, self.rows + other.rows, self.bytes + other.bytes)


def reading_of(files: Iterable[DataFile]) -> Reading:
    total = Reading()
    for f in files:
        total += Reading(1, f.rows, f.size)
    return total


class LogGone(Exception):
    """What was added after a version can no longer be told, since log entries or files are cleaned up: the reader must
    start again from a snapshot."""


GENERATION = "generation"
"""The txn that counts how often a table was begun anew; see lake/rebuild.py."""


class Snapshot:
    """A table pinned at the version that one handle saw."""

    def __init__(self, table: Table, handle: DeltaTable) -> None:
        self.table, self.handle = table, handle
        self.version = handle.version()
        self._progress: dict[str, int] = {}

    def progress(self, app_id: str) -> int:
        """How far a writer has come; -1 where it never committed."""
        if app_id not in self._progress:  # the log is searched for it
            version = self.handle.transaction_version(app_id)
            self._progress[app_id] = -1 if version is None else version
        return self._progress[app_id]

    def newer(self) -> Snapshot:
        """The table as it is now, read from where this snapshot ends, which is not to be used any more.

        Opening a table anew reads its log from the last checkpoint: ten times the cost, where that is 30 commits old.
        """
        self.handle.update_incremental()
        return Snapshot(self.table, self.handle)

    @property
    def generation(self) -> int:
        """How often the table was begun anew. Who consumed another generation starts again from a snapshot."""
        return max(self.progress(GENERATION), 0)

    def files(self) -> list[DataFile]:
        """Every live file with its statistics, from the log; no data is read."""
        actions = pa.table(self.handle.get_add_actions(flatten=False))
        rows = actions.to_pylist()
        return [
            DataFile(
                path=r["path"],
                partition={k: _text(v) for k, v in (r.get("partition") or {}).items()},
                rows=r["num_records"] or 0,
                size=r["size_bytes"],
                stats={"minValues": r.get("min") or {}, "maxValues": r.get("max") or {}},
            )
            for r in rows
        ]

    def latest(self, column: str) -> datetime | None:
        """The latest instant of a timestamp column over all files, by their statistics; None where there is none.

        A file counts up to the time at which it was committed. Read as Arrow columns: a table may have many files.
        """
        actions = pa.table(self.handle.get_add_actions(flatten=True))
        if f"max.{column}" not in actions.column_names:
            return None
        high = actions.column(f"max.{column}").cast(TIMESTAMP)
        committed = actions.column("modification_time").cast(pa.timestamp("ms", "UTC")).cast(TIMESTAMP)
        known = pa.compute.if_else(pa.compute.less(high, committed), high, committed)
        found: datetime | None = pa.compute.max(known).as_py()
        return found

    def added(self, after: int) -> Iterator[tuple[int, list[DataFile]]]:
        """(version, files that it added) for each version after `after` up to this one; rewrites are left out.

        Raises LogGone where the log no longer reaches back so far, or a file that was rewritten since is vacuumed.
        """
        for version in range(after + 1, self.version + 1):
            files = self.table.added_by(version)
            self.table.check_present(files)
            yield version, files


class Table:
    """One Delta table of the lake, such as bronze/aws_cloudtrail."""

    def __init__(self, lake: Lake, name: str) -> None:
        self.lake, self.name = lake, name
        self.uri = f"{lake.root}/{name}"
        self._shape: tuple[pa.Schema, list[str]] | None = None

    def exists(self) -> bool:
        return bool(DeltaTable.is_deltatable(self.uri, storage_options=self.lake.storage_options))

    def create(
        self, schema: pa.Schema, partition_by: Sequence[str], description: str, *, append_only: bool = True
    ) -> Snapshot:
        """Create the table if it does not exist; add the columns that it lacks if it does. Returns it as it is then.

        `append_only`: no commit ever removes a row. A table that can be begun anew is not.
        """
        if not self.exists():
            try:
                DeltaTable.create(
                    self.uri,
                    schema=schema,
                    partition_by=list(partition_by),
                    mode="ignore",
                    name=self.name.replace("/", "."),
                    description=description,
                    configuration=CONFIGURATION if append_only else CONFIGURATION | REPLACED,
                    storage_options=self.lake.storage_options,
                    # tried again it would write a second head, as version 1 of a table that another has just made
                    commit_properties=CommitProperties(max_commit_retries=0),
                )
                return self.open()
            except CommitFailedError:
                if not self.exists():
                    raise
        handle = self.open().handle
        if not append_only and handle.metadata().configuration.get("delta.appendOnly") == "true":
            handle.alter.set_table_properties({"delta.appendOnly": "false"})
        have = {f.name for f in handle.schema().fields}
        fresh = [f for f in pa.schema(schema) if f.name not in have]
        if fresh:
            from deltalake import Schema

            self._shape = None
            handle.alter.add_columns(list(Schema.from_arrow(pa.schema(fresh)).fields))
        return Snapshot(self, handle)

    def shape(self, *, fresh: bool = False) -> tuple[pa.Schema, list[str]]:
        """(columns, partition columns). Columns may be added by others: ask for a fresh answer where one lacks."""
        if self._shape is None or fresh:
            handle = self.open().handle
            self._shape = pa.schema(handle.schema()), list(handle.metadata().partition_columns)
        return self._shape

    def open(self, version: int | None = None) -> Snapshot:
        """The table as it is now, or was at a version.

        Raises ConfigError where it was never created, LogGone where its log no longer reaches back to the version.
        """
        try:
            return Snapshot(self, DeltaTable(self.uri, version=version, storage_options=self.lake.storage_options))
        except TableNotFoundError:
            raise ConfigError(
                f"{self.name}: no such table in {self.lake.root}; nothing was landed or built yet"
            ) from None
        except DeltaError as error:
            if version is None:
                raise
            raise LogGone(f"{self.name}: version {version} can no longer be opened: {error}") from None

    def commit(self, work: Callable[[Snapshot], Changes | None]) -> Changes | None:
        """Run `work` on a fresh snapshot and commit what it returns through the same handle.

        `work` reads its progress from the snapshot, computes what lies beyond it, and returns None where nothing is
        left to do. It runs again, on a newer snapshot, whenever a rival committed the same progress first: it must be
        safe to repeat. Files that no commit names in the end are left to vacuum, or to the caller. Raises
        RetryableError when it lost `ATTEMPTS` times.
        """
        for attempt in range(ATTEMPTS):
            snapshot = self.open()
            changes = work(snapshot)
            if changes is None or self.commit_on(snapshot, changes):
                return changes
            time.sleep(random.uniform(0, min(0.01 * 2**attempt, 1.0)))  # noqa: S311  # no secret
        raise RetryableError(f"{self.name}: lost {ATTEMPTS} commits in a row to other writers")

    def commit_on(self, snapshot: Snapshot, changes: Changes) -> bool:
        """Step 4 of the protocol, for those who took the first three themselves. False: a rival was faster."""
        try:
            self._write(snapshot.handle, changes)
        except CommitFailedError as error:
            log.debug("%s: lost version %d: %s", self.name, snapshot.version, error)
            return False
        return True

    def _write(self, handle: DeltaTable, changes: Changes) -> None:
        now = int(time.time() * 1000)
        removals = [
            RemoveAction(
                path=f.path,
                data_change=True,
                deletion_timestamp=now,
                size=f.size,
                partition_values=dict(f.partition),
            )
            for f in changes.removed
        ]
        additions = [
            AddAction(
                path=f.path,
                size=f.size,
                partition_values=dict(f.partition),
                modification_time=now,
                data_change=True,
                stats=json.dumps({"numRecords": f.rows, **f.stats}, default=_json),
            )
            for f in changes.files
        ]
        handle.create_write_transaction(
            [*removals, *additions],
            mode="append",
            schema=handle.schema(),
            partition_by=list(handle.metadata().partition_columns),
            commit_properties=CommitProperties(
                app_transactions=[Transaction(app, version) for app, version in changes.progress.items()],
                max_commit_retries=200,
            ),
        )

    def added_by(self, version: int) -> list[DataFile]:
        path = f"{self.lake.inside(self)}/_delta_log/{version:020d}.json"
        try:
            with self.lake.filesystem.open_input_stream(path) as stream:
                entries = stream.read().splitlines()
        except FileNotFoundError:
            raise LogGone(f"{self.name}: log entry {version} is gone") from None
        files = []
        for entry in entries:
            add = json.loads(entry).get("add")
            if add and add["dataChange"]:
                stats = json.loads(add.get("stats") or "{}")
                files.append(
                    DataFile(
                        path=add["path"],
                        partition=add["partitionValues"],
                        rows=stats.get("numRecords", 0),
                        size=add["size"],
                        version=version,
                        stats=stats,
                    )
                )
        return files

    def check_present(self, files: Sequence[DataFile]) -> None:
        """Raise LogGone where one of the files is no longer there."""
        paths = [f"{self.lake.inside(self)}/{f.path}" for f in files]
        for f, info in zip(files, self.lake.filesystem.get_file_info(paths), strict=True):
            if info.type == pafs.FileType.NotFound:
                raise LogGone(f"{self.name}: a file of version {f.version} is vacuumed")

    def new_path(self, partition: Mapping[str, str | None]) -> str:
        """A fresh relative path for a data file. Partition values are ours (dates, names), never log content."""
        folder = "/".join(f"{k}={v if v is not None else '__HIVE_DEFAULT_PARTITION__'}" for k, v in partition.items())
        return f"{folder}/part-{uuid4().hex}.zstd.parquet" if folder else f"part-{uuid4().hex}.zstd.parquet"

    def write(self, rows: pa.Table, *, stats: Sequence[str] = ()) -> list[DataFile]:
        """Write small rows as Parquet, one file a partition, and describe the files. Commits nothing."""
        _, partition_by = self.shape()
        files = []
        for partition, part in split_by(rows, partition_by):
            path = self.new_path(partition)
            with self.lake.create(self, path) as sink:
                pq.write_table(part, sink, row_group_size=ROW_GROUP, **PARQUET)
            files.append(self.describe(path, partition, part.num_rows, column_stats(part, stats)))
        return files

    def describe(self, path: str, partition: Mapping[str, str | None], rows: int, stats: Mapping[str, Any]) -> DataFile:
        size = self.lake.filesystem.get_file_info(f"{self.lake.inside(self)}/{path}").size
        return DataFile(path=path, partition=partition, rows=rows, size=size or 0, stats=stats)

    def read(self, files: Sequence[DataFile], columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of some files, partition columns included."""
        parts = []
        schema, _ = self.shape(fresh=columns is not None and not set(columns) <= set(self.shape()[0].names))
        names = list(columns) if columns is not None else schema.names
        for f in files:
            with self.lake.filesystem.open_input_file(f"{self.lake.inside(self)}/{f.path}") as stream:
                inside = [n for n in names if n not in f.partition]
                part = pq.ParquetFile(stream).read(columns=inside)
            for name in names:
                kind = schema.field(name).type
                if name in f.partition:
                    value = pa.scalar(f.partition[name], pa.string()).cast(kind)
                    part = part.append_column(name, pa.repeat(value, part.num_rows))
                elif name not in part.column_names:
                    part = part.append_column(name, pa.nulls(part.num_rows, kind))
            parts.append(part.select(names).cast(pa.schema([schema.field(n) for n in names])))
        if not parts:
            return pa.schema([schema.field(n) for n in names]).empty_table()
        return pa.concat_tables(parts)


class Lake:
    """A lake root: a local folder, or s3://, gs://, az://. Credentials: the platform's default chain."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.root = settings.lake
        self.rebuilds: Mapping[str, int] = {}
        """Rebuilds that were asked for when this run began, by layer; see lake/rebuild.py."""
        self.local = "://" not in self.root
        self.storage_options = None if self.local else storage_options(settings.environment)
        if self.local:
            Path(self.root).mkdir(parents=True, exist_ok=True)
            self.filesystem: pafs.FileSystem = pafs.LocalFileSystem()
        else:
            from deltalake.fs import DeltaStorageHandler

            self.filesystem = pafs.PyFileSystem(DeltaStorageHandler(self.root, self.storage_options))

    def table(self, name: str) -> Table:
        return Table(self, name)

    def inside(self, table: Table) -> str:
        """A table's folder as this lake's filesystem names it."""
        return f"{self.root}/{table.name}" if self.local else table.name

    def create(self, table: Table, path: str) -> pa.NativeFile:
        full = f"{self.inside(table)}/{path}"
        if self.local:
            Path(full).parent.mkdir(parents=True, exist_ok=True)
        return self.filesystem.open_output_stream(full)

    def remove(self, table: Table, files: Iterable[DataFile]) -> None:
        """Remove those of the files that no commit names. A commit that failed by its answer may have succeeded."""
        files = list(files)
        live = {f.path for f in table.open().files()} if files else set()
        for f in files:
            if f.path in live:
                continue
            try:
                self.filesystem.delete_file(f"{self.inside(table)}/{f.path}")
            except OSError:  # vacuum will
                log.debug("%s: could not remove %s", table.name, f.path)

    def names(self, folder: str) -> list[str]:
        """The tables below a folder such as `bronze`, in name order."""
        base = f"{self.root}/{folder}" if self.local else folder
        found = self.filesystem.get_file_info(pafs.FileSelector(base, allow_not_found=True))
        names = sorted(info.base_name for info in found if info.type == pafs.FileType.Directory)
        return [n for n in names if self.table(f"{folder}/{n}").exists()]


def ocsf_txn(source: str) -> str:
    """The txn of a class table that says how far it has come in a source's bronze table."""
    return f"ocsf/{source}"


def storage_options(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment's cloud settings, as delta-rs names them. Values stay in the process."""
    prefixes = ("AWS_", "AZURE_STORAGE_", "AZURE_CLIENT_", "AZURE_TENANT_", "GOOGLE_")
    chosen = {k: v for k, v in environment.items() if k.startswith(prefixes)}
    if chosen.get("AWS_ENDPOINT_URL", "").startswith("http://"):
        chosen.setdefault("AWS_ALLOW_HTTP", "true")
    return chosen


def split_by(rows: pa.Table, columns: Sequence[str]) -> Iterator[tuple[dict[str, str | None], pa.Table]]:
    """The rows of each combination of partition values, without the partition columns."""
    if not columns:
        yield {}, rows
        return
    keys = rows.select(columns).group_by(list(columns)).aggregate([]).to_pylist()
    keys.sort(key=lambda key: [str(v) for v in key.values()])
    for key in keys:
        part = rows
        for name, value in key.items():
            if len(keys) > 1:
                column = part.column(name)
                mask = (
                    pa.compute.is_null(column)
                    if value is None
                    else pa.compute.equal(column, pa.scalar(value, column.type))
                )
                part = part.filter(mask)
        yield {k: _text(v) for k, v in key.items()}, part.drop_columns(list(columns))


def column_stats(rows: pa.Table, columns: Sequence[str]) -> dict[str, Any]:
    """Delta statistics of a few columns. A timestamp's maximum is rounded up to the millisecond that Delta stores."""
    low, high = {}, {}
    for name in columns:
        if name not in rows.column_names or rows.num_rows == 0:
            continue
        span = pa.compute.min_max(rows.column(name)).as_py()
        if span["min"] is not None:
            low[name], high[name] = low_stat(span["min"]), high_stat(span["max"])
    return {"minValues": low, "maxValues": high} if low else {}


def low_stat(value: Any) -> Any:
    if isinstance(value, datetime):
        return _milliseconds(value.replace(microsecond=value.microsecond // 1000 * 1000))
    return value


def high_stat(value: Any) -> Any:
    if isinstance(value, datetime):
        whole = value.replace(microsecond=0)
        return _milliseconds(whole + timedelta(milliseconds=math.ceil(value.microsecond / 1000)))
    return value


def _milliseconds(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"


def _json(value: Any) -> str:
    if isinstance(value, datetime):
        return _milliseconds(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no Delta statistic for {type(value).__name__}")


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
