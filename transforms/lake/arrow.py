"""Arrow without pandas. pyarrow imports pandas at its first array made from Python values: a second of CPU a process."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType

import pyarrow as pa


class _Absent(MetaPathFinder):
    """Says for a moment that there is no pandas."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'", name="pandas")


def spare_pandas() -> None:
    """Keep pyarrow from importing pandas on its own, which it tries once a process.

    `to_pandas` and `from_pandas` still import it when they are called. Nothing happens where pandas is loaded already.
    """
    if "pandas" in sys.modules:
        return
    absent = _Absent()
    sys.meta_path.insert(0, absent)
    try:
        pa.array([None])
    finally:
        sys.meta_path.remove(absent)
