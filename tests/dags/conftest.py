"""Airflow is imported in processes of its own: it sets the log levels of everything around it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

DAGS = Path(__file__).resolve().parents[2] / "dags"


@pytest.fixture(scope="session")
def beside_the_dags() -> Callable[..., Any]:
    """Run Python with dags/ on its path; returns what its last line printed, as JSON."""

    def call(code: str, environment: Mapping[str, str] | None = None) -> Any:
        done = subprocess.run(
            [sys.executable, "-c", f"import sys; sys.path.append({str(DAGS)!r})\n{code}"],
            env=os.environ | (environment or {}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return call
