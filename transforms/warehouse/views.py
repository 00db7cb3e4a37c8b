"""ops/views: the views of the lake that are no tables, as SQL. Whoever opens the lake sees them, without dbt.

Their text is this project's own, compiled by dbt; nothing of a log gets into it.
"""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from transforms.lake.schemas import TIMESTAMP
from transforms.lake.table import Changes, Lake, Snapshot

VIEWS = pa.schema([("name", pa.string()), ("sql", pa.string()), ("changed_at", TIMESTAMP)])


def define(lake: Lake, name: str, sql: str) -> None:
    """Record a view such as `marts.access_person`, unless it stands there with the same text."""
    table = lake.table("ops/views")
    table.create(VIEWS, [], "Views of the lake, as SQL", append_only=False)

    def work(snapshot: Snapshot) -> Changes | None:
        standing = snapshot.files()
        rows = {row["name"]: row for row in table.read(standing).to_pylist()}
        if name in rows and rows[name]["sql"] == sql:
            return None
        rows[name] = {"name": name, "sql": sql, "changed_at": datetime.now(UTC)}
        ordered = sorted(rows.values(), key=lambda row: str(row["name"]))
        return Changes(files=table.write(pa.Table.from_pylist(ordered, schema=VIEWS)), removed=standing)

    table.commit(work)


def defined(lake: Lake) -> dict[str, str]:
    """The recorded views by name, with their SQL."""
    table = lake.table("ops/views")
    if not table.exists():
        return {}
    return {row["name"]: row["sql"] for row in table.read(table.open().files()).to_pylist()}


def register(con: duckdb.DuckDBPyConnection, lake: Lake) -> list[str]:
    """Create every recorded view whose tables exist; returns their names."""
    waiting = defined(lake)
    done: list[str] = []
    while True:  # a view may read another
        before = len(done)
        for name, sql in list(waiting.items()):
            if create(con, name, sql):
                done.append(name)
                del waiting[name]
        if len(done) == before:
            return done


def create(con: duckdb.DuckDBPyConnection, name: str, sql: str) -> bool:
    """Create one view. False where something that it reads does not exist yet."""
    schema, _, view = name.partition(".")
    try:
        con.execute(f'create schema if not exists "{schema}"')
        con.execute(f'create or replace view "{schema}"."{view}" as {sql}')
    except duckdb.CatalogException:
        return False
    return True
