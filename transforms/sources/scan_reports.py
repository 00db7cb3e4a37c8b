"""What the reports of scanners share: their clock, and the layout of the bucket that they are written to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from transforms.sources.base import KeyTemplate, Value

if TYPE_CHECKING:
    import pyarrow as pa

KEYS = KeyTemplate(
    segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)"),
    overlap=timedelta(days=2),
)
"""<what is scanned>/YYYY/MM/DD/<report>: a pipeline names the folder, which then says what a nameless report is of."""
LATENESS = "a report when its scan has ended and it is written to the bucket"


def clock(columns: Mapping[str, pa.Array]) -> Sequence[Value]:
    """The time of each finding's scan, as its tool wrote it or its object has it."""
    return [None if time is None else time.decode("utf-8", "replace") for time in columns["clock"].to_pylist()]
