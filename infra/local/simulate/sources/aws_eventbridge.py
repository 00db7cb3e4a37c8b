"""Amazon EventBridge: what a bus carries, as Firehose archives it, one event behind the other without a line end.

Shapes follow the EventBridge events reference: whole-second times, resources by ARN, what a service says in `detail`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence

from infra.local.simulate.model import TICK_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.organisation import Repository
from infra.local.simulate.rendering import compact_time, seconds_z, uuid
from infra.local.simulate.rhythm import hour_of_week

NAME = "aws_eventbridge"
BUCKET = "s3/example-org-events"
STREAM = "example-events"
BUFFER_S = 300
"""Seconds that Firehose gathers before it writes an object."""
REDELIVERY = 0.01
WEEKEND = 0.5
"""Events of a weekend's hour against those of a working day's."""
SHOP = "com.example.shop"


def render(
    account: str, region: str, kind: str, service: str, detail: str, at_s: int, rng: random.Random, resource: str = ""
) -> Record:
    """Return one event; `detail` is JSON text, `resource` an ARN."""
    uid = uuid(rng.randbytes(16).hex())
    body = (
        f'{{"version":"0","id":"{uid}","detail-type":"{kind}","source":"{service}","account":"{account}",'
        f'"time":"{seconds_z(at_s)}","region":"{region}","resources":{json.dumps([resource] if resource else [])},'
        f'"detail":{detail}}}'
    )
    return Record(at_s * 1000, account, uid, body)


def call(record: Record, rng: random.Random) -> Record:
    """Return the event by which EventBridge passes on a call that CloudTrail recorded."""
    account, region = record.stream.split("/")
    service = f"aws.{json.loads(record.body)['eventSource'].split('.')[0]}"
    return render(account, region, "AWS API Call via CloudTrail", service, record.body, record.at_ms // 1000, rng)


def instance_state(account: str, region: str, instance: str, state: str, at_s: int, rng: random.Random) -> Record:
    """Return what EC2 itself says when an instance's state changes."""
    detail = f'{{"instance-id":"{instance}","state":"{state}"}}'
    arn = f"arn:aws:ec2:{region}:{account}:instance/{instance}"
    return render(account, region, "EC2 Instance State-change Notification", "aws.ec2", detail, at_s, rng, arn)


def image(repository: Repository, action: str, digest: str, tag: str, at_s: int, rng: random.Random) -> Record:
    """Return what the registry says of an image: `action` is PUSH or DELETE, `digest` the hexadecimal SHA-256."""
    detail = (
        f'{{"result":"SUCCESS","repository-name":"{repository.short}",'
        f'"image-digest":"sha256:{digest}","action-type":"{action}","image-tag":"{tag}"}}'
    )
    return render(repository.account, repository.region, "ECR Image Action", "aws.ecr", detail, at_s, rng)


class Events:
    """Ordinary events of the bus, and Firehose's objects."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` ordinary records over the run."""
        self.distinct = 0
        self._run = run
        self._org = run.organisation
        self._rng = run.rng(NAME)
        levels = sum(self._level(t) for t in range(run.start, run.end, TICK_S))
        self._scale = expected / levels if levels else 0.0
        self._debt = 0.0
        self._waiting: dict[int, list[str]] = {}

    @staticmethod
    def _level(start: int) -> float:
        return 1.0 if hour_of_week(start) < 120 else WEEKEND

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the objects that Firehose writes in the step from `start`."""
        self._debt += self._level(start) * self._scale
        while self._debt > 0:
            self._debt -= 1
            self._publish([self._event(start + self._rng.randrange(TICK_S))])
        self._publish(planted)
        return self._due(start + TICK_S)

    def finish(self) -> Iterator[Delivery]:
        """Yield the objects of what is left."""
        return self._due(None)

    def _publish(self, records: Sequence[Record]) -> None:
        self.distinct += len(records)
        for record in records:
            written = (record.at_ms // 1000 // BUFFER_S + 1) * BUFFER_S
            self._waiting.setdefault(written, []).append(record.body)
            if self._rng.random() < REDELIVERY:
                self._waiting.setdefault(written + BUFFER_S, []).append(record.body)

    def _due(self, until: int | None) -> Iterator[Delivery]:
        for at in sorted(at for at in self._waiting if until is None or at < until):
            bodies = self._waiting.pop(at)
            name = f"{STREAM}-1-{compact_time(at, '%Y-%m-%d-%H-%M-%S')}-{uuid(self._rng.randbytes(16).hex())}"
            yield Delivery(
                source=NAME,
                key=f"{BUCKET}/{compact_time(at, '%Y/%m/%d/%H')}/{name}",
                data="".join(bodies).encode(),
                delivered_at=utc(at),
                offset=None,
                records=len(bodies),
            )

    def _event(self, at_s: int) -> Record:
        rng = self._rng
        kind = rng.random()
        if kind < 0.4:
            order = f'{{"order":"o-{rng.getrandbits(40):010x}","items":{rng.randrange(1, 9)}}}'
            account = next(iter(self._org.accounts))
            return render(account, self._org.home_region[account], "OrderPlaced", SHOP, order, at_s, rng)
        if kind < 0.6:
            return self._image(rng.choice(self._org.repositories), at_s)
        account = rng.choice(tuple(self._org.accounts))
        region = self._org.home_region[account]
        if kind < 0.8:
            rule = f"arn:aws:events:{region}:{account}:rule/nightly-{rng.randrange(3)}"
            return render(account, region, "Scheduled Event", "aws.events", "{}", at_s, rng, rule)
        instance = rng.choice(self._org.instances[account])
        return instance_state(account, region, instance, rng.choice(("pending", "running")), at_s, rng)

    def _image(self, repository: Repository, at_s: int) -> Record:
        """Return the push of an image, or what a registry's rule removes of the old ones."""
        rng = self._rng
        action = "PUSH" if rng.random() < 0.7 else "DELETE"
        digest = rng.randbytes(32).hex()
        tag = f"1.{rng.randrange(40)}.{rng.randrange(9)}" if action == "PUSH" else ""
        return image(repository, action, digest, tag, at_s, rng)


SOURCE = Source(name=NAME, root=BUCKET, share=0.03, open=Events)
