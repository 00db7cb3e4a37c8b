"""A sink of Cloud Logging into Cloud Storage: an NDJSON object for each hour, and addenda for entries that come late.

Keys and lateness follow the reference's page on routed logs: hourly `S<n>` objects some time after the hour, `A<n>` for
entries that came later, and what a second sink writes once more.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from infra.local.simulate.model import HOUR_S, Delivery, Record, utc
from infra.local.simulate.rendering import compact_time

ADDENDUM = 0.03
"""Part of the entries that come too late for the hour's own object."""
SECOND_SINK = 0.2
"""Part of the hours of one project that another sink writes into the same bucket."""
HOURLY_S = 900
"""After the hour, seconds until its object is there."""
ADDENDUM_S = 2 * HOUR_S


class LogSink:
    """What one log of all projects becomes in a bucket. A record's stream is its project."""

    def __init__(self, source: str, folder: str, twice: str, rng: random.Random):
        """Write below `folder`; a second sink writes the entries of the project `twice`."""
        self.distinct = 0
        self._source, self._folder, self._twice, self._rng = source, folder, twice, rng
        self._hours: dict[tuple[int, int, str], dict[str, list[str]]] = {}
        """(visible, hour, letter) -> bodies by project."""

    def publish(self, records: Sequence[Record]) -> None:
        """Take entries; they are written when their hour is over."""
        self.distinct += len(records)
        for record in records:
            hour = record.at_ms // 1000 // HOUR_S
            is_late = self._rng.random() < ADDENDUM
            visible = (hour + 1) * HOUR_S + (ADDENDUM_S if is_late else HOURLY_S)
            held = self._hours.setdefault((visible, hour, "A" if is_late else "S"), {})
            held.setdefault(record.stream, []).append(record.body)

    def objects(self, until: int | None) -> Iterator[Delivery]:
        """Yield what is visible before `until` (epoch seconds), or all that is left."""
        for slot in sorted(slot for slot in self._hours if until is None or slot[0] < until):
            visible, hour, letter = slot
            found = self._hours.pop(slot)
            shards = [[body for _, bodies in sorted(found.items()) for body in bodies]]
            again = found.get(self._twice, [])
            if letter == "S" and again and self._rng.random() < SECOND_SINK:
                shards.append(again)
            for n, bodies in enumerate(shards):
                at = compact_time(hour * HOUR_S, "%Y/%m/%d/%H:00:00_%H:59:59")
                yield Delivery(
                    source=self._source,
                    key=f"{self._folder}/{at}_{letter}{n}.json",
                    data="".join(body + "\n" for body in bodies).encode(),
                    delivered_at=utc(visible),
                    offset=None,
                    records=len(bodies),
                )
