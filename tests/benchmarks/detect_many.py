"""One `detect` with a project of its own, and what it read and committed. LAKE; prints JSON.

Beside the seconds of the run: those of one scan, by the same engine, of the columns that each detection declares over
the files that it saw.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import yaml

from transforms.lake.table import DataFile, Lake
from transforms.settings import Settings
from transforms.warehouse import detect, inputs, plugin, runner
from transforms.warehouse.session import configure, identifier, scan


def declared(project: str) -> dict[str, dict[str, list[str]]]:
    """Columns of each input by detection, as the yml says."""
    found = {}
    for path in (Path(project) / "models" / "detections").rglob("*.yml"):
        for model in yaml.safe_load(path.read_text())["models"]:
            found[model["name"]] = model["config"]["meta"]["inputs"]
    return found


def main(root: str) -> None:
    settings = Settings.from_env(lake=root)
    lake = Lake(settings)
    saw: dict[tuple[str, str], list[DataFile]] = {}
    original = inputs.input_view

    def noted(con: Any, of: Any, kind: str, model: str, name: str, files: list[DataFile]) -> None:
        if kind == "seen":
            saw[model, name] = list(files)
        original(con, of, kind, model, name, files)

    detect.input_view = noted  # type: ignore[assignment]
    before = lake.table("findings/findings").open().version if lake.table("findings/findings").exists() else -1
    started = time.perf_counter()
    result = runner.detect(settings)
    took = time.perf_counter() - started
    findings = lake.table("findings/findings").open()
    commits = [findings.table.added_by(v) for v in range(max(before, 0) + 1, findings.version + 1)]
    columns = declared(settings.environment["CATCHMENT_DBT_PROJECT"])
    con = duckdb.connect()
    configure(con, settings)
    con.execute("set threads = 1")  # as the detections have it
    scanned, read = 0.0, 0
    for (model, name), files in saw.items():
        if files:
            wanted = columns[model].get(name.replace("ocsf/", "ocsf_").replace("rollups/", "rollup_"), [])
            started = time.perf_counter()
            counts = ", ".join(f"count({identifier(column)})" for column in wanted)
            con.execute(f"select {counts or 'count(*)'} from {scan(lake.table(name), files)}").fetchall()
            scanned += time.perf_counter() - started
            read += sum(f.rows for f in files)
    print(
        json.dumps(
            {
                "seconds": took,
                "scan": scanned,
                "rows": read,
                "inputs": len(saw),
                "detections": len(plugin.LAST.detected),
                "created": result.created,
                "failed": result.failed,
                "commits": len(commits),
                "files": sum(map(len, commits)),
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
