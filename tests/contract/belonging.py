"""Which files belong to one source or one detection, by rule: what one who adds it writes, and all that one writes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath


def source_files(root: Path, paths: Iterable[str], source: str) -> list[str]:
    """The files of a source among `paths` (relative to `root`): what bears its name, its staging model with the yml,
    and the simulated attacks that play in it."""
    found = []
    for path in paths:
        here = PurePosixPath(path)
        named = source in (here.stem, *here.parts[:-1])
        if named or _stages(root, here, source) or _plays(root, here, source):
            found.append(path)
    return found


def detection_files(paths: Iterable[str], detection: str) -> list[str]:
    """The files of a detection among `paths`: those that bear its name."""
    return [path for path in paths if PurePosixPath(path).stem == detection]


def _stages(root: Path, path: PurePosixPath, source: str) -> bool:
    if not path.is_relative_to("dbt_project/models/staging") or path.suffix not in (".sql", ".yml"):
        return False
    return f"source('bronze', '{source}')" in (root / path.with_suffix(".sql")).read_text()


def _plays(root: Path, path: PurePosixPath, source: str) -> bool:
    if not path.is_relative_to("infra/local/simulate/chains") or path.suffix != ".py":
        return False
    text = (root / path).read_text()
    return re.search(rf"from infra\.local\.simulate\.sources import {source}\b", text) is not None
