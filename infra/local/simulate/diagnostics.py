"""Diagnostic settings of Azure: each log in a container of its own, an append blob `PT1H.json` for each hour."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from infra.local.simulate.model import HOUR_S, Delivery, Record, utc
from infra.local.simulate.rendering import compact_time

FLUSH_S = 300
REDELIVERY = 0.01


class HourlyBlobs:
    """What waits to be appended to blobs; a record's `stream` is container and resource. Some records come twice."""

    def __init__(self, source: str, root: str, rng: random.Random):
        """Deliver for `source` below the folder `root`."""
        self._source, self._root, self._rng = source, root, rng
        self._pending: dict[tuple[int, str, int], list[str]] = {}
        self._sizes: dict[str, int] = {}

    def publish(self, records: Sequence[Record]) -> None:
        """Let records be on their way: most of them for a few minutes, some for almost half an hour."""
        for record in records:
            at = record.at_ms // 1000
            late = self._rng.randrange(60, 400) if self._rng.random() < 0.9 else self._rng.randrange(400, 1500)
            for copy in range(2 if self._rng.random() < REDELIVERY else 1):
                visible = ((at + late) // FLUSH_S + 1 + copy) * FLUSH_S
                self._pending.setdefault((visible, record.stream, at // HOUR_S), []).append(record.body)

    def growth(self, until: int | None) -> Iterator[Delivery]:
        """Yield what becomes visible before `until` (epoch seconds), or all that is left."""
        for slot in sorted(slot for slot in self._pending if until is None or slot[0] < until):
            bodies = self._pending.pop(slot)
            visible, stream, hour = slot
            key = f"{self._root}/{stream}/{compact_time(hour * HOUR_S, 'y=%Y/m=%m/d=%d/h=%H')}/m=00/PT1H.json"
            data = "".join(body + "\r\n" for body in bodies).encode()
            offset = self._sizes.get(key, 0)
            self._sizes[key] = offset + len(data)
            yield Delivery(
                source=self._source, key=key, data=data, delivered_at=utc(visible), offset=offset, records=len(bodies)
            )

    def forget(self, start: int) -> None:
        """Drop the sizes of blobs that nothing can be appended to any more."""
        if start % (6 * HOUR_S) == 0:
            fresh = {compact_time(start - n * HOUR_S, "y=%Y/m=%m/d=%d/h=%H") for n in range(-2, 4)}
            self._sizes = {k: v for k, v in self._sizes.items() if any(part in k for part in fresh)}
