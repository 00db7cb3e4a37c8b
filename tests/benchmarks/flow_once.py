"""Flow logs landed and built once, and in turn with it the contender. FOLDER LAKE ORDER

Ours: the calls of `land`, its helper processes included, and of `route`. The contender: DuckDB reads the same text, each
column in its own type, and writes one zstd Parquet file: no ids, no hashes, no evidence, no OCSF. ORDER `ours` runs it
after `land` and `route`, `theirs` before. Prints JSON: wall and CPU seconds of each.
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

ORIGINAL = route.route
SOURCE = "aws_vpc_flow"


def cpu() -> float:
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def timed(call: Callable[[], Any]) -> tuple[list[float], Any]:
    started, before = time.perf_counter(), cpu()
    result = call()
    return [time.perf_counter() - started, cpu() - before], result


def contender(folder: str, out: Path) -> None:
    con = duckdb.connect()
    con.execute("set preserve_insertion_order = false")
    con.execute(
        f"copy (from read_csv('{folder}/**/*.log.gz', delim = ' ', header = true, nullstr = '-', union_by_name = true)) "
        f"to '{out}' (format parquet, compression zstd, compression_level 1)"
    )
    con.close()
    out.unlink()


def main(folder: str, root: str, order: str) -> None:
    settings = Settings.from_env(lake=root)
    out = Path(root).with_suffix(".parquet")
    found: dict[str, Any] = {}

    def routed(*args: Any, **kwargs: Any) -> Any:
        cost, result = timed(lambda: ORIGINAL(*args, **kwargs))
        if kwargs["source"] == SOURCE:
            found["build"], found["rows"] = cost, sum(result.rows.values())
        return result

    route.route = routed
    if order == "theirs":
        found["theirs"], _ = timed(lambda: contender(folder, out))
    found["land"], landed = timed(lambda: land(settings, SOURCE, folder))
    built = runner.build(settings)
    if order == "ours":
        found["theirs"], _ = timed(lambda: contender(folder, out))
    found["records"], found["failed"] = landed.records, built.failed
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
