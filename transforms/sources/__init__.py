"""The registry: every module of this package that declares a SOURCE is one. There is no list to edit."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import cast

from transforms.errors import ConfigError
from transforms.sources.base import Source


@cache
def registry() -> dict[str, Source]:
    """All sources by name, in name order. Raises ConfigError where a module's name and its source's differ."""
    found = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__)):
        source = getattr(importlib.import_module(f"{__name__}.{module}"), "SOURCE", None)
        if source is None:
            continue
        if source.name != module:
            raise ConfigError(f"sources/{module}.py declares {source.name!r}: name the file after the source")
        found[module] = source
    return found


def get(name: str) -> Source:
    """One source, without loading the others. Raises ConfigError that lists the known names."""
    source = None
    if name in {module.name for module in pkgutil.iter_modules(__path__)}:
        source = getattr(importlib.import_module(f"{__name__}.{name}"), "SOURCE", None)
    if source is None or source.name != name:
        raise ConfigError(f"no source {name!r}; known are {', '.join(registry())}")
    return cast(Source, source)
