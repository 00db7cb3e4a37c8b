"""One `land`, `build` and `detect`, and what each of them read. LAKE BUCKET; prints JSON."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from transforms.lake.table import Reading, Table, reading_of
from transforms.land import land
from transforms.settings import Settings
from transforms.warehouse import plugin, runner


def main(root: str, bucket: str) -> None:
    settings = Settings.from_env(lake=root)
    ledger = Reading()
    original = Table.read

    def read(self: Table, files: Any, columns: Any = None) -> Any:
        nonlocal ledger
        if self.name == "ops/ledger":
            ledger += reading_of(files)
        return original(self, files, columns)

    Table.read = read  # type: ignore[method-assign]
    seconds = {}

    def step(name: str, call: Any, *arguments: Any) -> Any:
        started = time.perf_counter()
        result = call(*arguments)
        seconds[name] = time.perf_counter() - started
        return result

    landed = step("land", land, settings, "aws_cloudtrail", bucket)
    planned = ledger
    built = step("build", runner.build, settings)
    found = step("detect", runner.detect, settings)
    print(
        json.dumps(
            {
                "seconds": seconds,
                "records": landed.records,
                "objects": landed.objects,
                "ledger": _list(planned),
                "build new": _list(built.new),
                "build seen": _list(built.seen),
                "rows": built.rows,
                "findings": found.created,
                "failed": built.failed | found.failed,
                "detect": {d.model: {"new": _list(d.new), "seen": _list(d.seen)} for d in plugin.LAST.detected},
            }
        )
    )


def _list(reading: Reading) -> list[int]:
    return [reading.files, reading.rows, reading.bytes]


if __name__ == "__main__":
    main(*sys.argv[1:])
