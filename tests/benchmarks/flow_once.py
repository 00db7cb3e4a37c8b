"""Flow logs landed and built once, and in turn with it the contenders. FOLDER LAKE ORDER

Ours: the calls of `land`, its helper processes included, and of `route`. `text`: DuckDB reads the same text, each
column in its own type, and writes one zstd Parquet file: no ids, no hashes, no evidence, no OCSF. `same`: DuckDB runs
the compiled SELECT that `route` runs, over the same bronze files and through the same connection, into one zstd Parquet
file. ORDER `ours` runs them after `land` and `route`, `theirs` before. Prints JSON: wall and CPU seconds of each.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from transforms.land import land
from transforms.settings import Settings
from transforms.warehouse import route, runner
from transforms.warehouse.session import identifier, literal, scan

ORIGINAL = route.route
SOURCE = "aws_vpc_flow"
PARQUET = "(format parquet, compression zstd, compression_level 1, row_group_size 65536)"


def cpu() -> float:
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def timed(call: Callable[[], Any]) -> tuple[list[float], Any]:
    started, before = time.perf_counter(), cpu()
    result = call()
    return [time.perf_counter() - started, cpu() - before], result


def text_only(folder: str, out: Path) -> None:
    con = duckdb.connect()
    con.execute("set preserve_insertion_order = false")
    files = f"'{folder}/**/*.log.gz', delim = ' ', header = true, nullstr = '-', union_by_name = true"
    con.execute(f"copy (from read_csv({files})) to {literal(str(out))} {PARQUET}")
    con.close()
    out.unlink()


def same_rows(con: Any, lake: Any, model: str, sql: str, out: Path) -> None:
    table = lake.table(f"bronze/{SOURCE}")
    view = f"catchment_new.{identifier(f'{model}__bronze__{SOURCE}')}"
    con.execute("create schema if not exists catchment_new")
    con.execute(f"create or replace view {view} as select * from {scan(table, table.open().files())}")
    con.execute(f"copy ({sql}) to {literal(str(out))} {PARQUET}")
    out.unlink()


def main(folder: str, root: str, order: str) -> None:
    settings = Settings.from_env(lake=root)
    out = Path(root).with_suffix(".parquet")
    found: dict[str, Any] = {}

    def routed(con: Any, settings: Settings, lake: Any, *, model: str, sql: str, source: str, **rest: Any) -> Any:
        def ours() -> Any:
            return ORIGINAL(con, settings, lake, model=model, sql=sql, source=source, **rest)

        if source != SOURCE:
            return ours()
        if order == "theirs":
            found["same"], _ = timed(lambda: same_rows(con, lake, model, sql, out))
        found["build"], result = timed(ours)
        if order == "ours":
            found["same"], _ = timed(lambda: same_rows(con, lake, model, sql, out))
        found["rows"] = sum(result.rows.values())
        return result

    route.route = routed
    if order == "theirs":
        found["text"], _ = timed(lambda: text_only(folder, out))
    found["land"], landed = timed(lambda: land(settings, SOURCE, folder))
    built = runner.build(settings)
    if order == "ours":
        found["text"], _ = timed(lambda: text_only(folder, out))
    found["records"], found["failed"] = landed.records, built.failed
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
