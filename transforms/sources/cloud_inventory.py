"""Instances, images, disks and snapshots as the clouds' own lists give them: what a scheduled export writes.

Answers of EC2's Describe calls, of Compute Engine's lists and of Azure's, as their command lines print them; objects of
them in an array or one a line; answers of Azure Resource Graph. Objects say when they were made, not when they were
seen: that is what a collector says beside the answer, `{"collected_at", "account", "region", "body": <answer>}`, else
the time of the export's object, as it is of a scanner's report. EC2's answers name neither account nor region for all
that they list: without a collector's word both are taken from the folder, `<account>/<region>/YYYY/MM/DD/`.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
https://cloud.google.com/compute/docs/reference/rest/v1/instances/list
https://learn.microsoft.com/rest/api/compute/virtual-machines/list
https://learn.microsoft.com/azure/governance/resource-graph/concepts/explore-resources
"""

from __future__ import annotations

from datetime import timedelta

from transforms.decoders.inventory import Inventory
from transforms.decoders.reports import Way
from transforms.sources.base import Source, Table
from transforms.sources.scan_reports import KEYS, clock

LISTS = ("Images", "Volumes", "Snapshots", "items", "value", "data")
ANSWERS: tuple[Way, ...] = (
    (("answer", "Reservations"), ("reservation", "Instances")),
    (("reservation", "Instances"),),
    *((("answer", member),) for member in LISTS),
)
COLLECTED = ("collected", "body")

SOURCE = Source(
    name="cloud_inventory",
    title="Inventories of instances, images and disks",
    vendor="Cloud providers",
    domain="inventory",
    documentation="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html",
    lateness="as often as the inventory is exported",
    keys=KEYS,
    framing=Inventory(
        ways=(*((COLLECTED, *way) for way in ANSWERS), *ANSWERS),
        marks=frozenset(),
        own=frozenset({"InstanceId", "ImageId", "VolumeId", "SnapshotId", "selfLink", "id"}),
        key=(),
        clock=("collected.collected_at",),
    ),
    table=Table(
        identity=("scan", "collected.account", "collected.region", "reservation.OwnerId", "text"),
        needed=("scan",),
        clock_columns=("clock",),
        clock=clock,
    ),
    cadence=timedelta(minutes=15),
)
