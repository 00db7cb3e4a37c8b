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


class Reader:
    """A lake that was opened for several questions, one after the other.

    Each sees the newest commit; a table or column that came after the lake was opened is not known.
    """

    def __init__(self, settings: Settings) -> None:
        self._con = connect(settings)
        self._names = register_views(self._con, Lake(settings))

    def rows(self, query: str) -> tuple[list[str], Iterator[list[tuple[Any, ...]]]]:
        """Column names and blocks of rows, to be read before the next question.

        Raises ConfigError for anything but one reading statement, or an SQL error.
        """
        try:
            statements = self._con.extract_statements(query)
            if len(statements) != 1:
                raise ConfigError(f"sql: one statement at a time, not {len(statements)}")
            if statements[0].type not in READ:
                raise ConfigError(f"sql: read-only; {statements[0].type.name.lower()} is not allowed")
            cursor = self._con.execute(statements[0])
        except duckdb.CatalogException as error:
            raise ConfigError(
                f"sql: {str(error).splitlines()[0]} There are: {', '.join(self._names) or 'no tables yet'}"
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

    def records(self, query: str) -> list[dict[str, Any]]:
        """All rows, each by column name. Raises as `rows`."""
        columns, blocks = self.rows(query)
        return [dict(zip(columns, row, strict=True)) for block in blocks for row in block]


def rows(settings: Settings, query: str) -> tuple[list[str], Iterator[list[tuple[Any, ...]]]]:
    """What one question gives, as `Reader.rows`."""
    return Reader(settings).rows(query)
