"""What a job asks the clouds for: machines and disks of an AWS account, a Google project or an Azure subscription.

It asks one after the other as the day goes on, and writes each answer in a line with when and where it asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from infra.local.simulate.gcp_network import REGION, ZONE, instances
from infra.local.simulate.inventory import Changes, Instants
from infra.local.simulate.model import Delivery, Record, Run, Source, utc
from infra.local.simulate.network import Interface, interfaces
from infra.local.simulate.organisation import Organisation
from infra.local.simulate.rendering import compact_time, millis_z

NAME = "cloud_inventory"
BUCKET = "s3/example-org-inventory"
MACHINES = 4
"""Of an account, those that it lists: all of them would be most of a small simulation."""
AGAIN = 0.1
"""Part of the answers that the job writes twice."""
Body = dict[str, object]


class Answer(NamedTuple):
    """What is asked of one place: the words for it, the answer, and how many objects that has."""

    words: Body
    body: object
    objects: int


def reservations(found: Sequence[Interface]) -> Answer:
    """Return what `ec2 describe-instances` prints, a reservation for each instance."""
    first = found[0]
    body = [
        {
            "OwnerId": one.account,
            "ReservationId": f"r-{one.instance[2:]}",
            "Instances": [
                {
                    "ImageId": "ami-0a1b2c3d4e5f60718",
                    "InstanceId": one.instance,
                    "InstanceType": "t3.large",
                    "Placement": {"AvailabilityZone": f"{one.region}a", "Tenancy": "default"},
                    "PrivateIpAddress": one.ip,
                    "State": {"Code": 16, "Name": "running"},
                    "VpcId": one.vpc,
                    "NetworkInterfaces": [{"NetworkInterfaceId": one.uid, "OwnerId": one.account}],
                    "MetadataOptions": {"HttpTokens": "required"},
                    "Tags": [{"Key": "Name", "Value": one.instance}],
                }
            ],
        }
        for one in found
    ]
    return Answer({"account": first.account, "region": first.region}, {"Reservations": body}, len(body))


def volumes(found: Sequence[Interface]) -> Answer:
    """Return what `ec2 describe-volumes` prints: the root volume of each instance, encrypted."""
    first = found[0]
    body = [
        {
            "Attachments": [{"Device": "/dev/xvda", "InstanceId": one.instance, "State": "attached"}],
            "AvailabilityZone": f"{one.region}a",
            "Encrypted": True,
            "Size": 100,
            "State": "in-use",
            "VolumeId": f"vol-{one.instance[2:]}",
            "VolumeType": "gp3",
        }
        for one in found
    ]
    return Answer({"account": first.account, "region": first.region}, {"Volumes": body}, len(body))


def machines(run: Run, project: str) -> Answer:
    """Return what `compute instances list` prints of a project."""
    api = f"https://www.googleapis.com/compute/v1/projects/{project}"
    body = [
        {
            "kind": "compute#instance",
            "id": str(4_000_000_000_000_000_000 + number),
            "name": one.name,
            "status": "RUNNING",
            "zone": f"{api}/zones/{ZONE}",
            "networkInterfaces": [{"network": f"{api}/global/networks/shop", "networkIP": one.ip}],
            "labels": {"team": "shop", "region": REGION},
            "selfLink": f"{api}/zones/{ZONE}/instances/{one.name}",
        }
        for number, one in enumerate(instances(run)[project][:MACHINES])
    ]
    return Answer({}, body, len(body))


def virtual_machines(org: Organisation, subscription: str) -> Answer:
    """Return what Resource Graph answers about a subscription's virtual machines."""
    group = f"/subscriptions/{subscription}/resourceGroups/{org.resource_groups[0]}"
    body = [
        {
            "id": f"{group}/providers/Microsoft.Compute/virtualMachines/{name}",
            "name": name,
            "type": "microsoft.compute/virtualmachines",
            "tenantId": org.tenant_id,
            "location": "westeurope",
            "subscriptionId": subscription,
            "properties": {"hardwareProfile": {"vmSize": "Standard_B2s"}, "provisioningState": "Succeeded"},
        }
        for name in org.virtual_machines[:MACHINES]
    ]
    return Answer({}, {"count": len(body), "data": body}, len(body))


class Exports:
    """The answers of a run, `MACHINES` objects each."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` objects over the run."""
        self.distinct = 0
        self._rng = run.rng(NAME)
        self._changes, self._instants = Changes(run, expected), Instants(run, self._rng)
        held = [found[:MACHINES] for found in interfaces(run.organisation).values()]
        self._answers = [
            *map(reservations, held),
            *(machines(run, project) for project in sorted(instances(run))),
            virtual_machines(run.organisation, next(iter(run.organisation.subscriptions))),
            *map(volumes, held),
        ]
        self._asked = 0

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the answers of the step from `start`."""
        for at_ms in sorted(self._instants.within(start) for _ in range(self._changes.due(start, MACHINES))):
            answer = self._answers[self._asked % len(self._answers)]
            self._asked += 1
            self.distinct += answer.objects
            line = {"collected_at": millis_z(at_ms), **answer.words, "body": answer.body}
            name = f"{compact_time(at_ms // 1000, '%Y/%m/%d/%Y%m%dT%H%M%S')}{at_ms % 1000:03d}"
            for suffix in ("", "-again") if self._rng.random() < AGAIN else ("",):
                yield Delivery(
                    source=NAME,
                    key=f"{BUCKET}/{name}{suffix}.json",
                    data=json.dumps(line).encode() + b"\n",
                    delivered_at=utc(at_ms // 1000),
                    offset=None,
                    records=answer.objects,
                )

    def finish(self) -> Iterator[Delivery]:
        """Yield nothing: an answer is written when it was given."""
        yield from ()


SOURCE = Source(name=NAME, root=BUCKET, share=0.008, open=Exports)
