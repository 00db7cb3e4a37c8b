"""A DuckDB connection in memory, bounded, in UTC, that sees the lake's tables as views. No database file, no lock."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence

import duckdb
from duckdb_extensions import import_extension

from transforms.errors import ConfigError
from transforms.lake.table import DataFile, Lake, Table
from transforms.settings import Settings
from transforms.warehouse import views

SCHEMAS = ("bronze", "ocsf", "rollups", "marts", "findings", "ops")
FOLDS = ("sum", "min", "max")
EXTENSIONS = {"s3": ("httpfs", "aws"), "gs": ("httpfs",), "az": ("azure",)}


def literal(text: str) -> str:
    """A string as an SQL literal. For our own names and paths; log content never gets here."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def connect(settings: Settings) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(":memory:")
    configure(con, settings)
    return con


def configure(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Limits, time zone and extensions. The extensions are wheels; nothing is downloaded."""
    scheme = settings.lake.split("://")[0] if "://" in settings.lake else ""
    for name in ("delta", *EXTENSIONS.get(scheme, ())):
        import_extension(name)
        con.execute(f"load {name}")
    con.execute("set timezone = 'UTC'")
    con.execute(f"set memory_limit = {literal(settings.memory)}")
    con.execute(f"set temp_directory = {literal(tempfile.gettempdir() + '/catchment-spill')}")
    con.execute("set preserve_insertion_order = false")
    con.execute("set autoinstall_known_extensions = false")
    if scheme:
        con.execute(secret(settings, scheme))


def secret(settings: Settings, scheme: str) -> str:
    """DuckDB's credentials for the lake's store: the platform's default chain."""
    env = settings.environment
    if scheme == "az":
        connection = env.get("AZURE_STORAGE_CONNECTION_STRING")
        if connection:
            return f"create or replace secret lake (type azure, connection_string {literal(connection)})"
        account = literal(env.get("AZURE_STORAGE_ACCOUNT_NAME", env.get("AZURE_STORAGE_ACCOUNT", "")))
        return f"create or replace secret lake (type azure, provider credential_chain, account_name {account})"
    if scheme == "gs":
        key, value = env.get("GOOGLE_HMAC_KEY_ID", ""), env.get("GOOGLE_HMAC_SECRET", "")
        return f"create or replace secret lake (type gcs, key_id {literal(key)}, secret {literal(value)})"
    options = "type s3, provider credential_chain"
    endpoint = env.get("AWS_ENDPOINT_URL", "")
    if endpoint:
        host = endpoint.split("://", 1)[1].rstrip("/")
        tls = "true" if endpoint.startswith("https") else "false"
        options += f", endpoint {literal(host)}, url_style 'path', use_ssl {tls}"
    if env.get("AWS_REGION"):
        options += f", region {literal(env['AWS_REGION'])}"
    return f"create or replace secret lake ({options})"


def register_views(
    con: duckdb.DuckDBPyConnection, lake: Lake, wanted: Sequence[tuple[str, str]] | None = None
) -> list[str]:
    """A view for every Delta table of the lake; returns their names. Each query sees the newest commit.

    For those alone that are wanted, as (schema, name), where all of these are tables.
    """
    for schema in SCHEMAS:
        con.execute(f"create schema if not exists {schema}")
    if wanted is not None and all(lake.table(f"{schema}/{name}").exists() for schema, name in wanted):
        return [view for schema, name in wanted for view in register_view(con, lake, schema, name)]
    tables = [(schema, name) for schema in SCHEMAS for name in lake.names(schema)]
    names = [view for schema, name in tables for view in register_view(con, lake, schema, name)]
    return names + views.register(con, lake)


def register_view(con: duckdb.DuckDBPyConnection, lake: Lake, schema: str, name: str) -> list[str]:
    """The views over one table that exists; two for the findings, a rollup folded. Returns their names."""
    scan = f"delta_scan({literal(lake.table(f'{schema}/{name}').uri)})"
    if schema == "findings" and name == "findings":
        con.execute(f"create or replace view findings.finding_history as select * from {scan}")
        con.execute(f"create or replace view findings.findings as {LATEST}")
        return ["findings.finding_history", "findings.findings"]
    columns = folded(lake.table(f"{schema}/{name}")) if schema == "rollups" else "*"
    con.execute(
        f"create or replace view {schema}.{identifier(name)} as select {columns} from {scan}"
        + (" group by all" if schema == "rollups" else "")
    )
    return [f"{schema}.{name}"]


def folded(table: Table) -> str:
    """The columns of a rollup with its parts folded: a column's `fold` (sum, min, max) stands in the Delta schema."""
    columns = []
    for field in table.open().handle.schema().fields:
        name, fold = identifier(field.name), field.metadata.get("fold")
        if fold is None:
            columns.append(name)
        elif fold in FOLDS:
            whole = f"cast(sum({name}) as bigint)" if fold == "sum" and field.type.type == "long" else f"{fold}({name})"
            columns.append(f"{whole} as {name}")
        else:
            raise ConfigError(f"{table.name}: column {field.name} folds by {fold!r}; known are {', '.join(FOLDS)}")
    return ", ".join(columns)


LATEST = """
select * exclude (_newest)
from (select *, max(revision) over (partition by finding_uid) as _newest from findings.finding_history)
where revision = _newest
"""


def scan(table: Table, files: Sequence[DataFile]) -> str:
    """A relation over exactly these files, event_date included: a pinned snapshot, whatever is committed meanwhile."""
    if not files:
        raise ValueError(f"{table.name}: no files to scan")
    paths = ", ".join(literal(f"{table.uri}/{f.path}") for f in files)
    days = (
        "hive_partitioning = true, hive_types = {'event_date': date}"
        if files[0].partition
        else "hive_partitioning = false"
    )
    return f"read_parquet([{paths}], {days}, union_by_name = true)"


def empty(table: Table, con: duckdb.DuckDBPyConnection) -> str:
    """A relation without rows that has the table's columns."""
    import pyarrow as pa

    name = f"_empty_{table.name.replace('/', '_')}"
    con.register(name, pa.schema(table.open().handle.schema()).empty_table())
    return f"(select * from {name})"
