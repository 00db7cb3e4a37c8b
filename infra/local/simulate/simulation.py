"""The simulation itself: hour by hour, what every source delivers, and the truth about the planted chains."""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import TypedDict

import msgspec

from infra.local.simulate import chains as chain_modules
from infra.local.simulate import sources as source_modules
from infra.local.simulate import stories as story_modules
from infra.local.simulate.model import (
    DAY_S,
    HOUR_S,
    LEARNING_DAYS,
    TICK_S,
    Anomaly,
    Chain,
    Delivery,
    Edge,
    Record,
    Run,
    Scene,
    Source,
    Step,
    Story,
    Telling,
    Witness,
)
from infra.local.simulate.organisation import Organisation
from infra.local.simulate.rendering import seconds_z

CHAIN_WINDOW_S = 2 * DAY_S
CHAIN_ROOM_S = 5 * HOUR_S
EVENTS_PER_PERSON = 70
TRUTH_FILE = "truth.json"


class SourceTruth(TypedDict):
    """Counts of one source."""

    objects: int
    records: int
    distinct_records: int


class StepTruth(TypedDict):
    """One planted step that a detection must find."""

    detection: str
    source: str
    entity: dict[str, str]
    first_time: str
    last_time: str
    vendor_event_ids: list[str]


class ChainTruth(TypedDict):
    """One planted chain."""

    chain_id: str
    title: str
    may_also_fire: list[str]
    steps: list[StepTruth]


class IdentityTruth(TypedDict):
    """One person, and the login in each kind of system; where the person has none, the system is absent."""

    person: str
    logins: dict[str, str]


class EdgeTruth(TypedDict):
    """What led to what in the life of a change; `by_ids` where ids in the logs decide it."""

    from_kind: str
    from_uid: str
    to_kind: str
    to_uid: str
    method: str
    by_ids: bool
    vendor_event_ids: list[str]


class LineageTruth(TypedDict):
    """The life of every change that a pipeline made, and the events of changes that people made by hand."""

    edges: list[EdgeTruth]
    changes_outside_pipeline: list[str]


class AnomalyTruth(TypedDict):
    """One row that the access marts must have: who, which store (as the marts name both), which day, and why."""

    principal: str
    store: str
    day: str
    kind: str
    vendor_event_ids: list[str]


class Truth(TypedDict):
    """What was simulated: written as `truth.json` beside the logs."""

    seed: int
    start: str
    end: str
    events_per_day: int
    sources: dict[str, SourceTruth]
    chains: list[ChainTruth]
    identities: list[IdentityTruth]
    lineage: LineageTruth
    anomalies: list[AnomalyTruth]


def _modules(package: ModuleType) -> list[ModuleType]:
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__))
    return [importlib.import_module(f"{package.__name__}.{name}") for name in names]


def known_sources() -> dict[str, Source]:
    """Return every source by name: one for each module in `sources/`."""
    found: list[Source] = [module.SOURCE for module in _modules(source_modules)]
    return {source.name: source for source in found}


def known_chains() -> list[Chain]:
    """Return every chain: one for each module in `chains/`."""
    return [module.CHAIN for module in _modules(chain_modules)]


def known_stories() -> list[Story]:
    """Return every story: one for each module in `stories/`."""
    return [module.STORY for module in _modules(story_modules)]


class Simulation:
    """One run: a function of its arguments alone, delivered once.

    `deliveries` is lazy and holds no more than five simulated minutes of ordinary records, what is on its
    way, and the planted chains. `truth` is complete when the deliveries have been consumed.
    """

    def __init__(
        self,
        *,
        seed: int,
        days: int,
        end: datetime,
        events_per_day: int,
        sources: Sequence[str] | None = None,
        chains: bool = True,
    ):
        """Prepare `days` days up to `end` (aware; rounded down to the full hour).

        `sources` limits what is delivered; steps in other sources are then neither planted nor in the truth.
        Raises ValueError for arguments out of range and unknown sources.
        """
        if end.tzinfo is None:
            raise ValueError("end must carry a time zone")
        if days < 1 or events_per_day < 1:
            raise ValueError("days and events_per_day must be at least 1")
        known = known_sources()
        names = sorted(known if sources is None else set(sources))
        for name in names:
            if name not in known:
                raise ValueError(f"unknown source {name!r}; known are {', '.join(sorted(known))}")
        last = int(end.astimezone(UTC).timestamp()) // HOUR_S * HOUR_S
        self.run = Run(
            seed=seed,
            start=last - days * DAY_S,
            end=last,
            organisation=Organisation.build(seed, events_per_day // EVENTS_PER_PERSON),
        )
        self.sources = names
        self.events_per_day = events_per_day
        self._chains: list[ChainTruth] = []
        self._edges: list[Edge] = []
        self._anomalies: list[AnomalyTruth] = []
        self._planted: dict[str, list[Record]] = {name: [] for name in names}
        if chains:
            self._plant()
        stories = known_stories()
        shares = sum(known[name].share for name in names) + sum(story.share for story in stories)
        self._told: list[Telling] = [
            story.open(self.run, days * events_per_day * story.share / shares) for story in stories
        ]
        self._feeds = {
            name: known[name].open(
                self.run,
                max(0.0, days * events_per_day * known[name].share / shares - len(self._planted[name])),
            )
            for name in names
        }
        self._object_counts = dict.fromkeys(names, 0)
        self._records = dict.fromkeys(names, 0)

    def deliveries(self) -> Iterator[Delivery]:
        """Yield every object and growth in the order of delivery."""
        waiting = {name: iter(records) for name, records in self._planted.items()}
        following = {name: next(records, None) for name, records in waiting.items()}
        for start in range(self.run.start, self.run.end, TICK_S):
            step: list[Delivery] = []
            told: dict[str, list[Record]] = {name: [] for name in self._feeds}
            for telling in self._told:
                for name, record in telling.advance(start):
                    if name in told:
                        told[name].append(record)
            for name, feed in self._feeds.items():
                planted = told[name]
                record = following[name]
                while record is not None and record.at_ms < (start + TICK_S) * 1000:
                    planted.append(record)
                    record = next(waiting[name], None)
                following[name] = record
                planted.sort(key=lambda planted_record: (planted_record.at_ms, planted_record.uid))
                step += feed.advance(start, planted)
            for witness in (feed for feed in self._feeds.values() if isinstance(feed, Witness)):
                for delivery in step:
                    witness.witness(delivery)
            yield from self._counted(step)
        yield from self._counted([delivery for feed in self._feeds.values() for delivery in feed.finish()])

    def truth(self) -> Truth:
        """Return the truth, with the counts of what has been delivered so far."""
        return Truth(
            seed=self.run.seed,
            start=seconds_z(self.run.start),
            end=seconds_z(self.run.end),
            events_per_day=self.events_per_day,
            sources={
                name: SourceTruth(
                    objects=self._object_counts[name],
                    records=self._records[name],
                    distinct_records=feed.distinct,
                )
                for name, feed in self._feeds.items()
            },
            chains=self._chains,
            identities=[
                IdentityTruth(person=person.email, logins=person.logins) for person in self.run.organisation.people
            ],
            lineage=LineageTruth(
                edges=[
                    EdgeTruth(
                        from_kind=edge.from_kind,
                        from_uid=edge.from_uid,
                        to_kind=edge.to_kind,
                        to_uid=edge.to_uid,
                        method=edge.method,
                        by_ids=edge.by_ids,
                        vendor_event_ids=[uid for _, uid in edge.evidence],
                    )
                    for edge in [*self._edges, *(edge for telling in self._told for edge in telling.edges)]
                    if all(source in self._feeds for source, _ in edge.evidence)
                ],
                changes_outside_pipeline=[
                    uid for telling in self._told for source, uid in telling.outside if source in self._feeds
                ],
            ),
            anomalies=self._anomalies,
        )

    def _counted(self, step: list[Delivery]) -> Iterator[Delivery]:
        for delivery in sorted(step, key=lambda d: (d.delivered_at, d.source, d.key)):
            self._object_counts[delivery.source] += not delivery.offset
            self._records[delivery.source] += delivery.records
            yield delivery

    def _plant(self) -> None:
        first = max(self.run.end - CHAIN_WINDOW_S, self.run.start + 2 * HOUR_S)
        hours = (self.run.end - CHAIN_ROOM_S - first) // HOUR_S
        known_from = self.run.start + LEARNING_DAYS * DAY_S
        claimed: set[str] = set()
        for chain in known_chains():
            rng = self.run.rng(f"chain/{chain.chain_id}")
            hour = first - first % HOUR_S + HOUR_S * rng.randrange(max(1, hours))
            scene = Scene(run=self.run, rng=rng, hour=hour, claimed=claimed)
            learned = hour >= known_from
            steps = [step for step in chain.plant(scene) if step.source in self._planted]
            for step in steps:
                self._planted[step.source] += step.records
                self._edges += step.edges
            truths = [_anomaly_truth(step, step.anomaly) for step in steps if step.anomaly]
            self._anomalies += [truth for truth in truths if truth["day"] >= seconds_z(known_from)[:10]]
            found = [_step_truth(step) for step in steps if step.detection and (learned or not step.needs_learning)]
            if found:
                self._chains.append(
                    ChainTruth(
                        chain_id=f"{chain.chain_id}-{self.run.seed}",
                        title=chain.title,
                        may_also_fire=list(chain.may_also_fire),
                        steps=found,
                    )
                )
        for records in self._planted.values():
            records.sort(key=lambda record: (record.at_ms, record.uid))


def _step_truth(step: Step) -> StepTruth:
    records = sorted(step.evidence or step.records, key=lambda record: (record.at_ms, record.uid))
    return StepTruth(
        detection=step.detection or "",
        source=step.source,
        entity=step.entity,
        first_time=seconds_z(records[0].at_ms // 1000),
        last_time=seconds_z(records[-1].at_ms // 1000),
        vendor_event_ids=[record.uid for record in records],
    )


def _anomaly_truth(step: Step, anomaly: Anomaly) -> AnomalyTruth:
    return AnomalyTruth(
        principal=anomaly.principal,
        store=anomaly.store,
        day=seconds_z(min(record.at_ms for record in step.records) // 1000)[:10],
        kind=anomaly.kind,
        vendor_event_ids=sorted(record.uid for record in step.records),
    )


def apply(root: Path, delivery: Delivery) -> Path:
    """Make one delivery visible below `root` and return its path.

    Raises ValueError where an append would leave a gap or overlap, as an append blob does.
    """
    path = root / delivery.key
    path.parent.mkdir(parents=True, exist_ok=True)
    if not delivery.offset:
        path.write_bytes(delivery.data)
        if delivery.offset is None:  # a report without a time has that of its object
            os.utime(path, (delivery.delivered_at.timestamp(),) * 2)
        return path
    with path.open("ab") as blob:
        if blob.tell() != delivery.offset:
            raise ValueError(f"{delivery.key}: append at {delivery.offset}, but the blob has {blob.tell()} bytes")
        blob.write(delivery.data)
    return path


def generate(
    root: Path,
    *,
    seed: int,
    days: int,
    end: datetime,
    events_per_day: int,
    sources: Sequence[str] | None = None,
    chains: bool = True,
) -> Truth:
    """Write a simulation below `root`, each source in a folder, `truth.json` last, and return the truth.

    The same arguments give the same bytes. Raises ValueError as Simulation does.
    """
    simulation = Simulation(
        seed=seed, days=days, end=end, events_per_day=events_per_day, sources=sources, chains=chains
    )
    known = known_sources()
    for name in simulation.sources:  # who looks where nothing came yet finds an empty folder, and no mistake
        (root / known[name].root).mkdir(parents=True, exist_ok=True)
    for delivery in simulation.deliveries():
        apply(root, delivery)
    truth = simulation.truth()
    (root / TRUTH_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(truth), indent=1) + b"\n")
    return truth


def read_truth(root: Path) -> Truth | None:
    """Return the truth of the simulation below `root`, or None where there is none."""
    path = root / TRUTH_FILE
    return msgspec.json.decode(path.read_bytes(), type=Truth) if path.exists() else None
