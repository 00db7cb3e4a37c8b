"""The network in Google Cloud, and the sink that writes its logs to Cloud Storage: an object an hour, and addenda."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from infra.local.simulate.model import HOUR_S, Delivery, Record, Run, utc
from infra.local.simulate.rendering import compact_time
from infra.local.simulate.sources.gcp_audit import ADDENDUM, ADDENDUM_S, HOURLY_S, PROJECTS, SECOND_SINK, estate

REGION, ZONE = "europe-west1", "europe-west1-b"


class Instance(NamedTuple):
    """An instance, and the address of its interface."""

    project: str
    name: str
    ip: str


def instances(run: Run) -> dict[str, tuple[Instance, ...]]:
    """Return the instances of every project, the same for all who ask."""
    return {
        project: tuple(Instance(project, name, f"10.{100 + number}.0.{n + 10}") for n, name in enumerate(names))
        for number, (project, names) in enumerate(sorted(estate(run).instances.items()))
    }


class Sink:
    """Gathers the entries of one log until their hour's object is written; the stream of a record is its project."""

    def __init__(self, name: str, bucket: str, log: str, rng: random.Random):
        """Prepare the sink of the source `name`."""
        self.distinct = 0
        self._name, self._folder, self._rng = name, f"{bucket}/{log}", rng
        self._hours: dict[tuple[int, int, str], dict[str, list[str]]] = {}
        """(visible, hour, letter) -> bodies by project."""

    def publish(self, records: Sequence[Record]) -> None:
        """Take records in; a few come too late for their hour's own object."""
        self.distinct += len(records)
        for record in records:
            hour = record.at_ms // 1000 // HOUR_S
            is_late = self._rng.random() < ADDENDUM
            visible = (hour + 1) * HOUR_S + (ADDENDUM_S if is_late else HOURLY_S)
            held = self._hours.setdefault((visible, hour, "A" if is_late else "S"), {})
            held.setdefault(record.stream, []).append(record.body)

    def objects(self, until: int | None) -> Iterator[Delivery]:
        """Yield the objects that are visible before `until` (epoch seconds); all of them for None."""
        for slot in sorted(slot for slot in self._hours if until is None or slot[0] < until):
            visible, hour, letter = slot
            found = self._hours.pop(slot)
            shards = [[body for _, bodies in sorted(found.items()) for body in bodies]]
            again = found.get(next(iter(PROJECTS)), [])
            if letter == "S" and again and self._rng.random() < SECOND_SINK:
                shards.append(again)
            for n, bodies in enumerate(shards):
                at = compact_time(hour * HOUR_S, "%Y/%m/%d/%H:00:00_%H:59:59")
                yield Delivery(
                    source=self._name,
                    key=f"{self._folder}/{at}_{letter}{n}.json",
                    data="".join(body + "\n" for body in bodies).encode(),
                    delivered_at=utc(visible),
                    offset=None,
                    records=len(bodies),
                )
