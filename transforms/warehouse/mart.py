"""Marts: tables for people and dashboards, whole days at a time; the Python half of the mart materialization.

A mart's day is a function of its inputs' rows on the days around it. New rows open the days that they can change;
these are computed again from the inputs as they are now, and replaced where they differ, in the commit that says what
was consumed. Nobody consumes a mart version by version, so nothing is lost by replacing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import duckdb

from transforms.errors import ConfigError
from transforms.lake.table import Changes, DataFile, Lake, Reading, Snapshot, reading_of
from transforms.settings import Settings
from transforms.warehouse.inputs import (
    Inputs,
    Reach,
    around,
    by_day,
    consume,
    day_groups,
    days_in,
    days_of,
    input_view,
    needed,
    tables_of,
    typed_like,
)
from transforms.warehouse.route import copy_to
from transforms.warehouse.session import identifier, literal, scan

LOST = 20
"""Times in a row that a run may lose to a rival before the model fails."""


@dataclass(slots=True)
class Marted:
    """What one mart did: days computed again, days that changed, their rows, and what was read."""

    model: str
    opened: int = 0
    replaced: int = 0
    rows: int = 0
    new: Reading = field(default_factory=Reading)
    seen: Reading = field(default_factory=Reading)


def build_mart(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    inputs: Inputs,
    *,
    model: str,
    sql: str,
    meta: Mapping[str, Any],
    refs: Sequence[str],
) -> Marted:
    """Compute the days that new rows opened, and replace those that differ. `sql` reads its inputs' seen rows.

    meta.lookback_days, lookahead_days: a row of the mart on day d depends on input rows of the days
    d - lookback to d + lookahead; of the inputs that meta.same_day names, on those of day d alone. A mart has rows only
    on days on which one of its inputs has.
    """
    tables, lake = tables_of(refs), inputs.lake
    target = lake.table(f"marts/{model}")
    reach = _reaches(meta, tables)
    for _ in range(LOST):
        snapshot, result = target.open(), Marted(model)
        fresh = consume(inputs, snapshot, model, tables, layer="marts")
        result.new = reading_of(f for several in fresh.files.values() for f in several)
        if not fresh.progress:
            return result
        changeable: set[str] = set()
        for name, several in fresh.files.items():
            back, ahead = reach[name]
            changeable |= {day for touched in days_of(several) for day in around(touched, ahead, back)}
        live = {name: inputs.days(name) for name in tables}
        standing = by_day(snapshot.files())
        opened = {day for files in live.values() for day in files} & changeable
        if fresh.rebuilt:  # a day may have lost its rows
            opened |= set(standing)
        files: list[DataFile] = []
        removed: list[DataFile] = []
        for group in day_groups(sorted(opened), live, reach, settings.batch_bytes):
            for name in tables:
                seen = needed(group, live[name], reach[name])
                result.seen += reading_of(seen)
                input_view(con, inputs, "seen", model, name, seen)
            changed = _compute(con, snapshot, model, sql, group, standing)
            removed += [f for day in changed for f in standing.get(day, [])]
            files += _write(con, lake, snapshot, changed)
        con.execute("drop table if exists catchment_work.mart")
        if target.commit_on(snapshot, Changes(files=files, removed=removed, progress=fresh.progress)):
            result.opened, result.replaced = len(opened), len(days_of([*files, *removed]))
            result.rows = sum(f.rows for f in files)
            return result
        lake.remove(target, files)
        inputs = Inputs(lake)
    raise ConfigError(f"{model}: lost {LOST} runs in a row to another run; let one finish")


def build_whole(con: duckdb.DuckDBPyConnection, lake: Lake, *, model: str, sql: str) -> Marted:
    """Compute a small mart without days, of reference data alone, and replace it where it differs."""
    target = lake.table(f"marts/{model}")
    for _ in range(LOST):
        snapshot = target.open()
        standing = snapshot.files()
        con.execute("create schema if not exists catchment_work")
        con.execute(f"create or replace table catchment_work.mart as {sql}")
        columns = typed_like(con, f"marts.{identifier(model + '__contract')}", "catchment_work.mart")
        before = _sums(con, scan(target, standing), columns) if standing else {}
        if _sums(con, "catchment_work.mart", columns) == before:
            return Marted(model)
        rows = con.execute(f"select {columns} from catchment_work.mart").to_arrow_table()
        files = target.write(rows.cast(target.shape()[0]))
        if target.commit_on(snapshot, Changes(files=files, removed=standing)):
            return Marted(model, replaced=1, rows=rows.num_rows)
        lake.remove(target, files)
    raise ConfigError(f"{model}: lost {LOST} runs in a row to another run; let one finish")


def _reaches(meta: Mapping[str, Any], tables: Sequence[str]) -> dict[str, Reach]:
    """How far back and ahead a day of the mart reads each table. Raises ConfigError for an input that is none."""
    same_day = set(tables_of(meta.get("same_day", ())))
    if not same_day <= set(tables):
        raise ConfigError(f"meta.same_day: {sorted(same_day - set(tables))} are no inputs of the model")
    far = timedelta(int(meta["lookback_days"])), timedelta(int(meta["lookahead_days"]))
    return {name: (timedelta(0), timedelta(0)) if name in same_day else far for name in tables}


def _compute(
    con: duckdb.DuckDBPyConnection,
    snapshot: Snapshot,
    model: str,
    sql: str,
    group: Sequence[str],
    standing: Mapping[str, Sequence[DataFile]],
) -> list[str]:
    """Compute a group of days into catchment_work.mart; those of them whose rows differ from the standing ones."""
    days = ", ".join(f"date {literal(day)}" for day in group)
    con.execute(f"create or replace table catchment_work.mart as select * from ({sql}) where event_date in ({days})")
    columns = typed_like(con, f"marts.{identifier(model + '__contract')}", "catchment_work.mart")
    days_in(con, "catchment_work.mart")
    before = [f for day in group for f in standing.get(day, ())]
    old = _sums(con, scan(snapshot.table, before), columns, by_day=True) if before else {}
    new = _sums(con, "catchment_work.mart", columns, by_day=True)
    return [day for day in group if old.get(day) != new.get(day)]


def _sums(
    con: duckdb.DuckDBPyConnection, relation: str, columns: str, *, by_day: bool = False
) -> dict[str, tuple[int, int]]:
    """Number and checksum of the rows, by day or (key "") of all. Order does not matter."""
    day = "cast(event_date as varchar)" if by_day else "''"
    members = ", ".join(f"{column} := {column}" for column in columns.split(", "))
    total = f"sum(cast(hash(struct_pack({members})) as hugeint))"
    found = con.execute(f"select {day}, count(*), {total} from {relation} group by 1").fetchall()
    return {str(key): (int(count), int(whole)) for key, count, whole in found}


def _write(con: duckdb.DuckDBPyConnection, lake: Lake, snapshot: Snapshot, days: Sequence[str]) -> list[DataFile]:
    if not days:
        return []
    wanted = ", ".join(f"date {literal(day)}" for day in days)
    columns = typed_like(
        con, f"marts.{identifier(snapshot.table.name.split('/')[1] + '__contract')}", "catchment_work.mart"
    )
    select = f"select {columns} from catchment_work.mart where event_date in ({wanted})"
    return copy_to(con, lake, snapshot, select, days, stats=())
