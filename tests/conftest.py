"""What tests of the lake share: settings of a throw-away lake, and lakes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from landed import Landed

from transforms.settings import Settings
from transforms.sources import get, registry

hypothesis.settings.register_profile("catchment", deadline=None)  # no test asserts how long something takes
hypothesis.settings.load_profile("catchment")

if only := os.environ.get("CATCHMENT_TEST_SOURCES", "").split():
    # Whoever writes a source tries it alone; before any test module asks the registry
    wanted = {name: get(name) for name in only}
    registry().clear()
    registry().update(wanted)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(lake=str(tmp_path / "lake"), environment={}, workers=1)


@pytest.fixture
def lake(settings: Settings) -> Landed:
    return Landed(settings)


@pytest.fixture
def lake_at(tmp_path: Path) -> Callable[..., Landed]:
    """Makes further lakes: `lake_at(name, **settings)`."""

    def make(name: str, **options: Any) -> Landed:
        return Landed(Settings(lake=str(tmp_path / name), environment={}, **{"workers": 1, **options}))

    return make
