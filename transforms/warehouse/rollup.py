"""Rollups: daily partial sums of new rows, the Python half of the rollup materialization.

OCSF rows are unique and only ever inserted, so sums over parts are exact: each run appends one part, summed from the
rows of the versions that it consumed, in the commit that says so. A late row is one more part on its own day. Nothing
is overwritten, so detections and marts consume a rollup as they consume a class table. Like one, it can begin anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import duckdb

from transforms.errors import ConfigError
from transforms.lake.table import GENERATION, Changes, DataFile, Reading, reading_of
from transforms.settings import Settings
from transforms.warehouse.inputs import (
    Inputs,
    consume,
    days_in,
    in_parts,
    input_view,
    progress_txn,
    tables_of,
    typed_like,
)
from transforms.warehouse.route import copy_to
from transforms.warehouse.session import identifier

LOST = 20
"""Times in a row that a part may be lost to a rival before the model fails."""


@dataclass(slots=True)
class Rolled:
    """What one rollup did: rows of the parts that it appended, and what it read."""

    model: str
    rows: int = 0
    new: Reading = field(default_factory=Reading)


def roll(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    inputs: Inputs,
    *,
    model: str,
    table: str,
    sql: str,
    refs: Sequence[str],
) -> Rolled:
    """Append what the inputs' new versions add up to. `sql` reads each input's new rows, and no more than one row's
    worth of anything else: its rows over several parts must be the parts of its rows over all.

    Where its inputs must be read from the snapshot again, all parts are replaced in one commit, and the rollup is of
    another generation.
    """
    names, lake = tables_of(refs), inputs.lake
    target = lake.table(f"rollups/{table}")
    for _ in range(LOST):
        snapshot = target.open()
        fresh = consume(inputs, snapshot, model, names, layer="rollups")
        if not fresh.progress:
            return Rolled(model)
        progress, removed = dict(fresh.progress), snapshot.files() if fresh.snapshot else []
        if fresh.snapshot and any(snapshot.progress(progress_txn(model, name)) >= 0 for name in names):
            progress[GENERATION] = snapshot.generation + 1
        files: list[DataFile] = []
        for part in in_parts(fresh.files, settings.batch_bytes):
            for name in names:
                input_view(con, inputs, "new", model, name, part.get(name, []))
            con.execute(f"create or replace table catchment_work.rolled as {sql}")
            columns = typed_like(con, f"rollups.{identifier(table + '__contract')}", "catchment_work.rolled")
            days = days_in(con, "catchment_work.rolled")
            if days:
                files += copy_to(con, lake, snapshot, f"select {columns} from catchment_work.rolled", days, stats=())
        con.execute("drop table if exists catchment_work.rolled")
        if target.commit_on(snapshot, Changes(files=files, removed=removed, progress=progress)):
            new = reading_of(f for several in fresh.files.values() for f in several)
            return Rolled(model, sum(f.rows for f in files), new)
        lake.remove(target, files)
        inputs = Inputs(lake)
    raise ConfigError(f"{model}: lost {LOST} parts in a row to another run; let one finish")
