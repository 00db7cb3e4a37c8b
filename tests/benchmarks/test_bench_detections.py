"""A hundred detections, generated from the real ones for measure only: cost follows rows and columns read."""

from __future__ import annotations

import json
import re
import shutil
import sys
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from infra.local.simulate import generate, known_sources
from tests.benchmarks.results import write_section
from tests.benchmarks.workload import CATCHMENT, END, EVENTS, run
from transforms.settings import REPOSITORY

HERE = Path(__file__).parent
MANY = 100
SIZES = (EVENTS // 20, EVENTS // 5)


def project(folder: Path, count: int) -> Path:
    """The project with `count` detections: copies of the real ones, in turn, under names of their own."""
    shutil.copytree(REPOSITORY / "dbt_project", folder, ignore=shutil.ignore_patterns("target", "logs"))
    detections = folder / "models" / "detections"
    real = sorted(detections.rglob("*.sql"))
    texts = {p: (p.read_text(), p.with_suffix(".yml").read_text()) for p in real}
    for path in real:
        path.unlink()
        path.with_suffix(".yml").unlink()
    for number, path in zip(range(count), cycle(real), strict=False):
        name = f"{path.stem}_{number:03d}"
        sql, yml = texts[path]
        yml = re.sub(r"^unit_tests:.*", "", yml, flags=re.MULTILINE | re.DOTALL)
        path.with_name(f"{name}.sql").write_text(sql)
        path.with_name(f"{name}.yml").write_text(yml.replace(f"name: {path.stem}\n", f"name: {name}\n"))
    return folder


def measured(lake: Path, scratch: Path, folder: Path) -> dict[str, Any]:
    """One run on a copy of the lake; the second of two, so that dbt has parsed the project."""
    for _ in range(2):
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.copytree(lake, scratch)
        command = [sys.executable, str(HERE / "detect_many.py"), str(scratch)]
        done = run(*command, env={"CATCHMENT_DBT_PROJECT": str(folder)})
    found: dict[str, Any] = json.loads(done.output.splitlines()[-1])
    assert found["failed"] == {}
    return found


@pytest.mark.bench
def test_a_hundred_detections(tmp_path: Path) -> None:
    hundred, none = project(tmp_path / "hundred", MANY), project(tmp_path / "none", 0)
    rows, ratios = [], []
    for events in SIZES:
        site, lake = tmp_path / f"site-{events}", tmp_path / f"lake-{events}"
        generate(site, seed=5, days=2, end=END + timedelta(hours=1), events_per_day=events // 2)
        for name, source in known_sources().items():
            run(CATCHMENT, "--lake", str(lake), "land", name, "--from", str(site / source.root))
        run(CATCHMENT, "--lake", str(lake), "build")
        run(CATCHMENT, "--lake", str(lake), "correlate")
        start = measured(lake, tmp_path / "copy", none)
        found = measured(lake, tmp_path / "copy", hundred)
        assert found["detections"] == MANY
        assert found["created"] > 0
        assert found["commits"] == 1  # rows and progress of them all; nothing for those that found nothing
        above = found["seconds"] - start["seconds"]
        ratios.append(above / found["scan"])
        rows.append(
            [
                f"{events:,}",
                f"{found['rows']:,}",
                f"{start['seconds']:.1f} s",
                f"{found['seconds']:.1f} s",
                f"{above / MANY * 1000:.0f} ms",
                f"{found['scan']:.2f} s",
                f"**{ratios[-1]:.1f}**",
                f"{found['commits']} / {found['files']}",
            ]
        )
    write_section(
        "Detections",
        "make bench",
        [
            "events",
            "rows read",
            "dbt's start",
            f"{MANY} detections",
            "each",
            "one scan of the same columns",
            "ratio",
            "commits / files",
        ],
        rows,
        "Copies of the real detections under names of their own, on a lake without findings. Rows read: the sum over "
        "all detections and inputs. The ratio is the time above dbt's start to one scan, by the same engine, of the "
        "columns that each declares over the files that it saw.",
    )
    assert ratios[-1] < ratios[0] * 1.5  # what does not follow the rows is spread over more of them
