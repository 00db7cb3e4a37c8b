# ruff: noqa: S311  (seeded randomness is the point)
"""AWS Config: history files by resource type every six hours, and a snapshot of all resources once a day.

Shapes and keys follow the AWS Config developer guide. A snapshot holds the latest item of each resource as its history
file held it: what did not change since yesterday is delivered again.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence

from isal import igzip

from infra.local.simulate.inventory import Changes, Instants, Periods
from infra.local.simulate.model import DAY_S, HOUR_S, TICK_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.network import Interface, interfaces
from infra.local.simulate.rendering import compact_time, millis_z, uuid

NAME = "aws_config"
BUCKET = "s3/example-org-config"
PERIOD_S = 6 * HOUR_S
SNAPSHOT_S = 7 * HOUR_S
"""When in the day the snapshot is taken."""
INSTANCES = 8
"""Of an account, those that are recorded: a snapshot of all would be most of a small simulation."""
Body = dict[str, object]


def item(
    account: str, region: str, kind: str, uid: str, arn: str, at_ms: int, configuration: Body, **more: object
) -> Record:
    """Return the item of a resource as it is at a time."""
    at = millis_z(at_ms)
    body = {
        "relatedEvents": [],
        "relationships": [],
        "configuration": configuration,
        "supplementaryConfiguration": {},
        "tags": {},
        "configurationItemVersion": "1.3",
        "configurationItemCaptureTime": at,
        "configurationStateId": at_ms,
        "awsAccountId": account,
        "configurationItemStatus": "OK",
        "resourceType": kind,
        "resourceId": uid,
        "ARN": arn,
        "awsRegion": region,
        "availabilityZone": "Not Applicable",
        "configurationStateMd5Hash": "",
        **more,
    }
    return Record(at_ms, f"{account}/{region}/{kind}", f"{arn}|{at}", json.dumps(body, separators=(",", ":")))


def instance(interface: Interface, at_ms: int, state: str = "running") -> Record:
    """Return the item of an instance, with its network."""
    return item(
        interface.account,
        interface.region,
        "AWS::EC2::Instance",
        interface.instance,
        f"arn:aws:ec2:{interface.region}:{interface.account}:instance/{interface.instance}",
        at_ms,
        {
            "instanceId": interface.instance,
            "instanceType": "t3.large",
            "state": {"code": 16 if state == "running" else 80, "name": state},
            "privateIpAddress": interface.ip,
            "publicIpAddress": None,
            "metadataOptions": {"httpTokens": "required"},
        },
        availabilityZone=f"{interface.region}a",
        relationships=[
            {
                "resourceType": "AWS::EC2::NetworkInterface",
                "resourceId": interface.uid,
                "name": "Contains NetworkInterface",
            },
            {"resourceType": "AWS::EC2::VPC", "resourceId": interface.vpc, "name": "Is contained in Vpc"},
        ],
        tags={"Name": interface.instance},
    )


def security_group(interface: Interface, at_ms: int, port: int) -> Record:
    """Return the item of the group that an instance's network has, open to the organisation's own addresses alone."""
    uid = f"sg-{interface.vpc[4:]}"
    rule = {"fromPort": port, "toPort": port, "ipProtocol": "tcp", "ipv4Ranges": [{"cidrIp": "10.0.0.0/8"}]}
    return item(
        interface.account,
        interface.region,
        "AWS::EC2::SecurityGroup",
        uid,
        f"arn:aws:ec2:{interface.region}:{interface.account}:security-group/{uid}",
        at_ms,
        {"groupId": uid, "vpcId": interface.vpc, "ipPermissions": [rule]},
        resourceName="default",
        relationships=[{"resourceType": "AWS::EC2::VPC", "resourceId": interface.vpc, "name": "Is contained in Vpc"}],
    )


def bucket(account: str, region: str, name: str, at_ms: int) -> Record:
    """Return the item of a bucket that nobody else may read."""
    return item(
        account,
        region,
        "AWS::S3::Bucket",
        name,
        f"arn:aws:s3:::{name}",
        at_ms,
        {"name": name, "owner": {"id": account}},
        resourceName=name,
        availabilityZone="Regional",
        supplementaryConfiguration={
            "PublicAccessBlockConfiguration": {"blockPublicAcls": True, "blockPublicPolicy": True}
        },
    )


def volume(interface: Interface, uid: str, at_ms: int, status: str) -> Record:
    """Return the item of a volume that comes and goes with a job."""
    return item(
        interface.account,
        interface.region,
        "AWS::EC2::Volume",
        uid,
        f"arn:aws:ec2:{interface.region}:{interface.account}:volume/{uid}",
        at_ms,
        {} if status == "ResourceDeleted" else {"volumeId": uid, "size": 100, "encrypted": True},
        configurationItemStatus=status,
        availabilityZone=f"{interface.region}a",
    )


class Recorder:
    """What changes in the accounts, and the files that Config writes about it."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` items over the run."""
        self.distinct = 0
        self._run, self._rng = run, run.rng(NAME)
        self._org = run.organisation
        self._interfaces = interfaces(run.organisation)
        self._changes = Changes(run, expected)
        self._periods = Periods(PERIOD_S, 900)
        self._latest: dict[str, dict[str, str]] = {account: {} for account in self._interfaces}
        self._instants = Instants(run, self._rng)

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the files written in the step from `start`."""
        for _ in range(self._changes.due(start)):
            self._record(self._change(self._instants.within(start)))
        for record in planted:
            self._record(record)
        for visible, stream, end, bodies in self._periods.due(start + TICK_S):
            yield self._history(visible, stream, end, bodies)
        if start % DAY_S == SNAPSHOT_S:
            for account, latest in self._latest.items():
                if latest:
                    yield self._snapshot(start, account, list(latest.values()))

    def finish(self) -> Iterator[Delivery]:
        """Yield the history files that are still to come."""
        for batch in self._periods.due(None):
            yield self._history(*batch)

    def _change(self, at_ms: int) -> Record:
        rng = self._rng
        account = rng.choice(sorted(self._interfaces))
        interface = rng.choice(self._interfaces[account][:INSTANCES])
        choice = rng.random()
        if choice < 0.4:
            return instance(interface, at_ms, rng.choice(("running", "running", "stopped")))
        if choice < 0.55:
            return security_group(interface, at_ms, rng.choice((443, 5432, 8443)))
        if choice < 0.75:
            return bucket(account, interface.region, rng.choice(self._org.buckets[account]), at_ms)
        uid = f"vol-0{rng.getrandbits(64):016x}"[:21]
        status = "ResourceDiscovered" if choice < 0.9 else "ResourceDeleted"
        return volume(interface, uid, at_ms, status)

    def _record(self, record: Record) -> None:
        self.distinct += 1
        arn, _ = record.uid.split("|")
        self._periods.add(record.at_ms, record.stream, record.body)
        if ":volume/" not in arn:  # those do not live until the snapshot
            self._latest[record.stream.split("/")[0]][arn] = record.body

    def _history(self, visible: int, stream: str, end: int, bodies: list[str]) -> Delivery:
        account, region, kind = stream.split("/")
        begin, stop = (compact_time(at, "%Y%m%dT%H%M%SZ") for at in (end - PERIOD_S, end))
        name = f"ConfigHistory_{kind}_{begin}_{stop}_1"
        return self._file(visible, account, region, "ConfigHistory", name, bodies)

    def _snapshot(self, at: int, account: str, bodies: list[str]) -> Delivery:
        region = self._org.home_region[account]
        digits = random.Random(f"{self._run.seed}/{at}/{account}").randbytes(16).hex()
        name = f"ConfigSnapshot_{compact_time(at, '%Y%m%dT%H%M%SZ')}_{uuid(digits)}"
        return self._file(at, account, region, "ConfigSnapshot", name, bodies)

    def _file(self, at: int, account: str, region: str, folder: str, name: str, bodies: list[str]) -> Delivery:
        day = utc(at)
        text = f'{{"fileVersion":"1.0","configSnapshotId":"{name}","configurationItems":[{",".join(bodies)}]}}'
        return Delivery(
            source=NAME,
            key=(
                f"{BUCKET}/AWSLogs/{account}/Config/{region}/{day.year}/{day.month}/{day.day}/{folder}/"
                f"{account}_Config_{region}_{name}.json.gz"
            ),
            data=igzip.compress(text.encode(), 1, mtime=0),
            delivered_at=utc(at),
            offset=None,
            records=len(bodies),
        )


SOURCE = Source(name=NAME, root=BUCKET, share=0.015, open=Recorder)
