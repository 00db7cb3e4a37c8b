"""Every dbt unit test passes on the unit target: typed empty relations in memory, no lake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2] / "dbt_project"


@pytest.mark.xdist_group("dbt-units")
def test_every_unit_test_passes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dbt.cli.main", "--quiet", "--no-use-colors", "build"]
    folders = [f"--{name}={tmp_path}" for name in ("target-path", "log-path")]
    done = subprocess.run(
        [*command, f"--project-dir={PROJECT}", f"--profiles-dir={PROJECT}", "--target=unit", *folders],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"CATCHMENT_DBT_TARGET": "unit"},
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    results = json.loads((tmp_path / "run_results.json").read_text())["results"]
    passed = Counter(r["unique_id"].split(".")[2] for r in results if r["unique_id"].startswith("unit_test."))
    assert {r["status"] for r in results if r["unique_id"].startswith("unit_test.")} == {"pass"}
    models = [p.stem for part in ("staging", "detections") for p in (PROJECT / "models" / part).rglob("*.sql")]
    assert len(models) >= 18
    assert [m for m in models if passed[m] < 2] == []
