"""What Azure's flow logs share: the clock of a flow tuple."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from transforms.sources.base import Value

if TYPE_CHECKING:
    import pyarrow as pa

PLAIN = "^[0-9]{1,15}$"
"""An epoch of more digits is no time of a flow."""


def clock(unit_ms: int, columns: Mapping[str, pa.Array]) -> Sequence[Value] | pa.Array:
    """The time of each tuple, an epoch in units of `unit_ms`, as milliseconds; a record without any has its `time`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pc.all(pc.match_substring_regex(columns["clock"], PLAIN)).as_py():
        return pc.multiply(columns["clock"].cast(pa.string()).cast(pa.int64()), unit_ms)
    return [
        int(text) * unit_ms if text and re.fullmatch(PLAIN, text) else text
        for text in (
            None if value is None else value.decode("utf-8", "replace") for value in columns["clock"].to_pylist()
        )
    ]
