"""What Azure's flow logs share: the clock of a flow tuple."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from transforms.sources.base import Value

if TYPE_CHECKING:
    import pyarrow as pa

DIGITS = 15
"""An epoch of more digits is no time of a flow."""


def clock(unit_ms: int, columns: Mapping[str, pa.Array]) -> Sequence[Value]:
    """The time of each tuple, an epoch in units of `unit_ms`, as milliseconds; a record without any has its `time`."""
    texts = [None if value is None else value.decode("utf-8", "replace") for value in columns["clock"].to_pylist()]
    return [
        int(text) * unit_ms if text and text.isascii() and text.isdigit() and len(text) <= DIGITS else text
        for text in texts
    ]
