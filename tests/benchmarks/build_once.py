"""One `build`, with the seconds inside `route` and, in turn with it, the contender's. LAKE ORDER

The contender: the same compiled SELECT over the same bronze files, through the same connection and settings, copied to
one zstd Parquet file in one statement. ORDER `ours` runs it after `route`, `theirs` before. Prints JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from transforms.settings import Settings
from transforms.warehouse import route, runner
from transforms.warehouse.session import identifier, literal, scan

ORIGINAL = route.route
MODEL = "stg_aws__cloudtrail"


def main(root: str, order: str) -> None:
    found: dict[str, Any] = {}

    def timed(con: Any, settings: Settings, lake: Any, *, model: str, sql: str, source: str, **rest: Any) -> Any:
        def ours() -> Any:
            started, cpu = time.perf_counter(), time.process_time()
            result = ORIGINAL(con, settings, lake, model=model, sql=sql, source=source, **rest)
            if model == MODEL:
                found["ours"] = [time.perf_counter() - started, time.process_time() - cpu]
                found["rows"], found["batches"] = sum(result.rows.values()), result.batches
            return result

        def theirs() -> None:
            table = lake.table(f"bronze/{source}")
            view = f"catchment_new.{identifier(f'{model}__bronze__{source}')}"
            con.execute("create schema if not exists catchment_new")
            con.execute(f"create or replace view {view} as select * from {scan(table, table.open().files())}")
            out = Path(root).with_suffix(".parquet")
            started, cpu = time.perf_counter(), time.process_time()
            con.execute(
                f"copy ({sql}) to {literal(str(out))} "
                "(format parquet, compression zstd, compression_level 1, row_group_size 65536)"
            )
            found["theirs"] = [time.perf_counter() - started, time.process_time() - cpu]
            out.unlink()

        if model != MODEL:
            return ours()
        if order == "theirs":
            theirs()
        result = ours()
        if order == "ours":
            theirs()
        return result

    route.route = timed  # type: ignore[assignment]
    started = time.perf_counter()
    built = runner.build(Settings.from_env(lake=root))
    found["build"] = time.perf_counter() - started
    found["failed"] = built.failed
    found["rss"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
