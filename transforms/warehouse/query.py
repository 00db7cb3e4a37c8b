"""Read-only SQL over the lake, for people and for the CLI."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb

from transforms.errors import ConfigError
from transforms.lake.table import Lake
from transforms.settings import Settings
from transforms.warehouse.session import connect, register_views

READ = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}
BLOCK = 5_000


def rows(settings: Settings, query: str) -> tuple[list[str], Iterator[list[tuple[Any, ...]]]]:
    """Column names and blocks of rows. Raises ConfigError for anything but one reading statement, or an SQL error."""
    con = connect(settings)
    names = register_views(con, Lake(settings))
    try:
        statements = con.extract_statements(query)
        if len(statements) != 1:
            raise ConfigError(f"sql: one statement at a time, not {len(statements)}")
        if statements[0].type not in READ:
            raise ConfigError(f"sql: read-only; {statements[0].type.name.lower()} is not allowed")
        cursor = con.execute(statements[0])
    except duckdb.CatalogException as error:
        raise ConfigError(
            f"sql: {str(error).splitlines()[0]} There are: {', '.join(names) or 'no tables yet'}"
        ) from None
    except duckdb.Error as error:
        raise ConfigError(f"sql: {error}") from None
    columns = [d[0] for d in cursor.description or []]

    def blocks() -> Iterator[list[tuple[Any, ...]]]:
        try:
            while block := cursor.fetchmany(BLOCK):
                yield block
        except duckdb.Error as error:
            raise ConfigError(f"sql: {error}") from None

    return columns, blocks()
