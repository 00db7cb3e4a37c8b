"""The lake of the fixtures, built once: what reads it is of the xdist group `fixtures`, one worker."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from transforms.land import land
from transforms.settings import Settings
from transforms.sources import registry
from transforms.warehouse.runner import BuildResult, build

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, BuildResult]:
    """Every source's fixture folder, landed and built."""
    environment = {**os.environ, "CATCHMENT_REDACTION_KEY": "a key of the tests that is long enough"}
    settings = Settings.from_env(environment, lake=str(tmp_path_factory.mktemp("fixtures") / "lake"))
    for name in sorted(registry()):
        land(settings, name, str(FIXTURES / name))
    return settings, build(settings)
