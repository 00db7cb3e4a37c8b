"""How Arrow behaves in our processes: without pandas, and keeping the memory that it will need again."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType

import pyarrow as pa

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # malloc.h
KEPT = 256 << 20


class _Absent(MetaPathFinder):
    """Says for a moment that there is no pandas."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'", name="pandas")


def spare_pandas() -> None:
    """Keep pyarrow from importing pandas at the first array made from Python values: a second of CPU a process.

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


def keep_memory() -> None:
    """Let a process that lands gigabytes reuse its memory: the kernel would hand out and zero every page again.

    The garbage collector looks for cycles a hundred times less often: records are many and hold none.
    The C library keeps up to KEPT bytes that are free. Nothing happens where it is not glibc.
    """
    gc.set_threshold(70_000, 10, 10)
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    mallopt(TRIM_THRESHOLD, KEPT)
    mallopt(MMAP_THRESHOLD, KEPT)
    pa.set_memory_pool(pa.system_memory_pool())
